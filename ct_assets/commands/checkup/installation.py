"""Checks Python and packages against what this version of ct_assets requires."""

import platform
from collections.abc import Sequence
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, ok

DISTRIBUTION = "ct-assets"
NAMED = ("ct-assets", "dagster", "duckdb", "polars")
"""Packages whose versions are shown even when nothing is wrong."""


def python(version: str | None = None) -> Diagnosis:
    version = version or platform.python_version()
    wanted = metadata.metadata(DISTRIBUTION)["Requires-Python"]
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return ok("python", version)
    return failed("python", f"{version}, and ct_assets wants {wanted}", "Install such a Python.")


def packages(requirements: Sequence[str] | None = None) -> Diagnosis:
    given = metadata.requires(DISTRIBUTION) or [] if requirements is None else requirements
    wanted = [r for r in map(Requirement, given) if not r.marker or r.marker.evaluate()]
    wrong = [problem for requirement in wanted if (problem := _wrong(requirement))]
    if wrong:
        return failed(
            "packages",
            "; ".join(wrong),
            "Install the versions of the lock file: make setup, or pip install -U ct-assets.",
        )
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in NAMED)
    return ok("packages", f"{versions}; all {len(wanted)} that it needs are as it wants them")


def _wrong(requirement: Requirement) -> str | None:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is not installed"
    if requirement.specifier.contains(version, prereleases=True):
        return None
    return f"{requirement.name} is {version}, and ct_assets wants {requirement.specifier}"
