"""The wheel in somebody else's project: theirs are the declarations, ours is the rest."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ct_assets.sandbox.testing import SandboxInTest

REPOSITORY = Path(__file__).parent.parent
PYPROJECT = """\
[tool.dg]
directory_type = "project"
[tool.dg.project]
root_module = "shop"
"""
DEFINITIONS = """\
from pathlib import Path

import ct_assets

defs = ct_assets.definitions(Path(__file__).parent)
"""
DECLARATIONS = """\
type: ct_assets.SourceTable
attributes: {asset: shop/customer, file: customer.csv}
---
type: shop.growth.GrowthSync
attributes:
  name: customers
  object: profile
  source: shop/customer
  identify_by: [{identity: id}]
  fields: {Name: name, Phone: {column: phone, region: {column: country}}}
"""
SUBCLASS = """\
import dagster as dg

import ct_assets


class GrowthSync(ct_assets.ClevertapSync):
    def get_asset_spec(self, spec: dg.AssetSpec) -> dg.AssetSpec:
        return super().get_asset_spec(spec).merge_attributes(owners=["team:growth"])
"""
IN_PYTHON = """\
import dagster as dg

import ct_assets


@dg.component_instance
def visits(context: dg.ComponentLoadContext) -> ct_assets.ClevertapSync:
    return ct_assets.ClevertapSync(
        name="visits",
        object="event",
        source="shop/customer",
        event="Visited",
        event_key="id",
        identify_by=[{"identity": "id"}],
        fields={"Country": "country", "Name": {"template": "{name}!", "on_null": "skip"}},
        after=["customers"],
        trigger={"cron": "0 * * * *", "timezone": "Europe/Rome"},
    )
"""
RUN = """\
import ct_assets, shop.definitions, sys
job = shop.definitions.defs.resolve_implicit_global_asset_job_def()
print(ct_assets.__file__)
sys.exit(not job.execute_in_process(raise_on_error=False).success)
"""
CACHE = REPOSITORY / ".mypy_cache" / "wheel"
"""Kept from run to run: of Dagster and polars mypy reads a million lines."""


def run(*command: str, cwd: Path, **environ: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    run(*build, cwd=REPOSITORY)
    wheel = next(tmp_path.glob("*.whl"))
    target = tmp_path / "site"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", str(target), str(wheel), cwd=tmp_path)
    return target


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "pyproject.toml": PYPROJECT,
        "customer.csv": "id,name,phone,country\n1,Ada,020 7946 0018,United Kingdom\n",
        # As `create-dagster project` lays it out.
        "src/shop/__init__.py": "",
        "src/shop/definitions.py": DEFINITIONS,
        "src/shop/growth.py": SUBCLASS,
        "src/shop/defs/__init__.py": "",
        "src/shop/defs/customers/defs.yaml": DECLARATIONS,
        "src/shop/defs/visits.py": IN_PYTHON,
    }
    for name, text in files.items():
        path = tmp_path / "theirs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "theirs"


@pytest.mark.slow
def test_the_wheel_in_another_project(
    installed: Path, project: Path, clevertap_sandbox: SandboxInTest
) -> None:
    told = run(
        *(sys.executable, "-c", RUN),
        cwd=project,
        PYTHONPATH=f"{installed}{os.pathsep}{project / 'src'}",
        CT_DATA_DIR=str(project / "data"),
        CLEVERTAP_API_URL=clevertap_sandbox.url,
        CLEVERTAP_ACCOUNT_ID=clevertap_sandbox.account_id,
        CLEVERTAP_PASSCODE=clevertap_sandbox.passcode,
    )

    assert Path(told.strip()).is_relative_to(installed)
    assert [profile.props["Phone"] for profile in clevertap_sandbox.profiles()] == [442079460018]
    assert [event.props["Name"] for event in clevertap_sandbox.events()] == ["Ada!"]


def mypy(installed: Path, project: Path) -> list[str]:
    """The errors that `mypy --strict` finds in the project's own code."""
    command = (sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-pretty")
    checked = subprocess.run(
        [*command, "--no-error-summary", "--cache-dir", str(CACHE), "src/shop"],
        cwd=project,
        env={**os.environ, "MYPYPATH": f"{installed}{os.pathsep}{project / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not checked.stderr
    return checked.stdout.splitlines()


@pytest.mark.slow
def test_mypy_takes_what_is_right_and_finds_what_is_wrong(installed: Path, project: Path) -> None:
    assert mypy(installed, project) == []

    wrong = {'"event"': '"evnt"', "event_key=": "event_kye=", "on_null": "on_nul"}
    text = IN_PYTHON
    for old, new in wrong.items():
        text = text.replace(old, new)
    (project / "src/shop/defs/visits.py").write_text(text)

    errors = [
        re.fullmatch(r"(.*:\d+): error: .*\[(.*)\]", line) for line in mypy(installed, project)
    ]
    assert [error.groups() for error in errors if error] == [
        ("src/shop/defs/visits.py:8", "call-arg"),
        ("src/shop/defs/visits.py:10", "arg-type"),
        ("src/shop/defs/visits.py:15", "dict-item"),
    ]


@pytest.mark.slow
def test_the_wheel_has_every_file_of_the_package_but_the_example(installed: Path) -> None:
    package = REPOSITORY / "ct_assets"
    files = (p.relative_to(package) for p in package.rglob("*") if p.is_file())
    wanted = {f for f in files if "__pycache__" not in f.parts and f.parts[0] != "defs"}

    assert {f for f in wanted if not (installed / "ct_assets" / f).is_file()} == set()
    assert not (installed / "ct_assets" / "defs").exists()
