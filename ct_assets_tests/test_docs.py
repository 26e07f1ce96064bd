"""The documentation: it builds, names all that there is, and what it shows to write is right."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
import yaml

import ct_assets
from ct_assets.clevertap.codes import entries
from ct_assets.cli import COMMANDS, loaded
from ct_assets.components.preview.mapping_tests import failed_tests
from ct_assets.mapping import Sync
from ct_assets.mapping import parse as parse_sync
from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.connections.connection_spec import parse as parse_connection
from ct_assets.sources.source import Source
from ct_assets.sources.source import parse as parse_source

REPOSITORY = Path(__file__).parent.parent
PAGES = sorted((REPOSITORY / "docs" / "pages").rglob("*.md"))
VARIABLE = re.compile(r"(CT|CLEVERTAP|DAGSTER)_[A-Z_]+|OTEL_EXPORTER_OTLP_ENDPOINT")
METADATA = {
    "components/assets/split/split_metadata.py": {"split_metadata", "rejected_rows"},
    "io_managers/metadata/delivery_metadata.py": {"delivery_metadata", "undelivered_metadata"},
    "io_managers/metadata/metadata_tables.py": {"first_rows"},
    "io_managers/parquet_io_manager.py": {"published"},
}
"""The functions that make the metadata of a sync's assets."""
PARSERS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "ct_assets.ClevertapSync": parse_sync,
    "ct_assets.SourceTable": parse_source,
    "ct_assets.Connection": parse_connection,
}


@pytest.fixture(scope="module")
def reference() -> Iterator[ModuleType]:
    folder = str(REPOSITORY / "docs")
    sys.path.insert(0, folder)
    yield importlib.import_module("reference")
    sys.path.remove(folder)


def test_it_builds_without_a_warning(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-f", "docs/mkdocs.yml")
    built = subprocess.run(
        [*command, "-d", str(tmp_path)],
        cwd=REPOSITORY,
        env={"NO_MKDOCS_2_WARNING": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (built.returncode, built.stdout + built.stderr) == (0, "")
    words = (tmp_path / "search" / "search_index.json").read_text()
    assert [word for word in ("phone", "429", "restore") if word not in words] == []


def test_every_setting_is_in_the_reference(reference: ModuleType) -> None:
    page = "\n".join(reference.settings_page())
    schemas = [model.model_json_schema() for model in (Sync, Source, ConnectionSpec)]
    parts = [part for s in schemas for part in (s, *s.get("$defs", {}).values())]
    names = {name for part in parts for name in part.get("properties", {})}

    assert {name for name in names if f"| `{name}` |" not in page} == set()


def test_every_command_and_option_is_in_the_reference(reference: ModuleType) -> None:
    page = "\n".join(reference.commands_page())
    options = {option for name in COMMANDS for option in _options(loaded(name))}

    assert {name for name in COMMANDS if f"## `ct-assets {name}`" not in page} == set()
    assert {option for option in options if f"`{option}`" not in page} == set()


def test_every_code_is_in_the_reference(reference: ModuleType) -> None:
    page = "\n".join(reference.codes_page())

    assert {code for code in entries() if f"| `{code}` |" not in page} == set()


def test_every_variable_is_in_the_reference(reference: ModuleType) -> None:
    texts = {
        node.value
        for path in (REPOSITORY / "ct_assets").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert {text for text in texts if VARIABLE.fullmatch(text)} == set(reference.VARIABLES)


def test_every_key_of_metadata_is_in_the_reference(reference: ModuleType) -> None:
    keys = {
        key
        for module, functions in METADATA.items()
        for function in ast.walk(ast.parse((REPOSITORY / "ct_assets" / module).read_text()))
        if isinstance(function, ast.FunctionDef) and function.name in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict)
        for key in _keys(node.value)
    }

    assert len(keys) > 20
    assert keys - set(reference.METADATA) == set()


def _keys(made: ast.Dict) -> Iterator[str]:
    """Also those of dicts that are put into it, always or on a condition."""
    for key, value in zip(made.keys, made.values, strict=True):
        if isinstance(key, ast.Constant):
            yield str(key.value)
        elif key is None and isinstance(value, ast.IfExp) and isinstance(value.body, ast.Dict):
            yield from _keys(value.body)


def snippets(language: str) -> list[str]:
    fence = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return [text for page in PAGES for text in fence.findall(page.read_text())]


@pytest.mark.parametrize("text", snippets("yaml"))
def test_declarations_are_right(text: str) -> None:
    for document in yaml.safe_load_all(text):
        declared = PARSERS[document["type"]](document["attributes"])
        assert not isinstance(declared, Sync) or list(failed_tests(declared)) == []


@pytest.mark.parametrize("text", snippets("python"))
def test_python_uses_what_there_is(text: str) -> None:
    names = {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ct_assets"
    }

    assert names <= set(ct_assets.__all__)


@pytest.mark.parametrize("text", [text for text in snippets("python") if "from ct_assets" in text])
def test_python_imports_what_there_is(text: str) -> None:
    found = [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ct_assets")
        for alias in node.names
    ]

    assert {module for module, _ in found} == {"ct_assets"}
    assert {name for _, name in found} <= set(ct_assets.__all__)


def written_commands() -> list[str]:
    lines = [line for text in snippets("sh") for line in text.splitlines()]
    inline = [
        text for page in PAGES for text in re.findall(r"`(ct-assets [^`]*)`", page.read_text())
    ]
    return sorted({line for line in [*lines, *inline] if line.startswith("ct-assets ")})


@pytest.mark.parametrize("line", written_commands())
def test_commands_are_there(line: str) -> None:
    _, *words = shlex.split(line, comments=True)
    if words[0] == "--module":
        words = words[2:]
    options = _options(loaded(words[0]))

    assert {w.partition("=")[0] for w in words if w.startswith("--")} <= options


def _options(command: click.Command) -> set[str]:
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    own = {o for p in command.params if isinstance(p, click.Option) for o in p.opts}
    return own | {option for each in inner for option in _options(each)}
