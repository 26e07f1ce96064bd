"""Imports point one way, and the pure packages know nothing of Dagster."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ct_assets

ROOT = Path(ct_assets.__file__).parent

# What a package may import of the project, beside itself and the leaves.
LEAVES = {
    "documented_model",
    "errors",
    "files",
    "row_counts",
    "settings",
    "snapshot_meta",
    "sql",
    "staging",
    "system_columns",
    "",
}
ALLOWED = {
    "phone": set(),
    "clevertap": set(),
    "mapping": {"clevertap", "phone"},
    "store": set(),
    "delivery": {"store", "mapping", "clevertap"},
    "sandbox": {"clevertap"},
    "telemetry": {"delivery", "clevertap"},
    "sources": {"store", "mapping", "clevertap"},
    "io_managers": {
        "telemetry",
        "sources",
        "delivery",
        "store",
        "mapping",
        "clevertap",
        "sandbox",
    },
    "components": {
        "io_managers",
        "telemetry",
        "sources",
        "delivery",
        "store",
        "mapping",
        "clevertap",
        "sandbox",
    },
    "defs": {"components", "io_managers"},
    "commands": {
        "components",
        "io_managers",
        "telemetry",
        "sources",
        "delivery",
        "store",
        "mapping",
        "clevertap",
        "sandbox",
    },
}
PURE = ("phone", "clevertap", "mapping", "sources", "delivery", "store", "sandbox", "telemetry")
# Of CleverTap's side the sandbox knows names, limits and codes: it judges what the others send.
TABLES = {"clevertap.contract", "clevertap.fields", "clevertap.codes"}


def imports(package: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            yield from ((str(path.relative_to(ROOT)), name) for name in names)


def of_project(package: str) -> Iterator[tuple[str, str]]:
    for path, name in imports(package):
        top, _, rest = name.partition(".")
        if top == "ct_assets":
            yield path, rest


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_one_way(package: str) -> None:
    allowed = ALLOWED[package] | LEAVES | {package, "__version__"}

    wrong = [found for found in of_project(package) if found[1].split(".")[0] not in allowed]

    assert wrong == []


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_import_no_dagster(package: str) -> None:
    assert [found for found in imports(package) if found[1].startswith("dagster")] == []


def test_phone_stands_alone() -> None:
    assert [f for f in of_project("phone") if not f[1].startswith("phone")] == []


def test_the_sandbox_reads_tables_only() -> None:
    read = {".".join(name.split(".")[:2]) for _, name in of_project("sandbox")}

    assert {name for name in read if name.startswith("clevertap")} <= TABLES
