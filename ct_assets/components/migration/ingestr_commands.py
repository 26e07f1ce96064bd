"""IngestrCommands finds what is said to ingestr: in shell scripts, and in assets of Bruin."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ct_assets.components.migration.imported_sync import within
from ct_assets.errors import UserError

_YAML = (".yml", ".yaml")
_READ = (*_YAML, ".sh", ".bash", ".zsh", "")
_SWITCHES = {"full-refresh", "yes", "no-inference", "stream", "debug", "trim-whitespace", "print"}
_SETTINGS = {
    "source_table": "source-table",
    "incremental_strategy": "incremental-strategy",
    "incremental_key": "incremental-key",
    "sql_exclude_columns": "sql-exclude-columns",
    "sql_limit": "sql-limit",
    "mask": "mask",
}
"""Parameters of an asset of Bruin that are options of ingestr of another spelling."""


@dataclass(frozen=True)
class IngestrCommand:
    name: str
    """Of the asset of Bruin; else none."""
    options: Mapping[str, Sequence[str]]
    """All that an option was given, by its name without dashes."""
    connection: str = ""
    """The name that Bruin has for where the rows are."""
    destination: str = ""
    """The kind that Bruin names, or of the URI of the command."""
    other: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the asset that are none of these."""

    def one(self, option: str) -> str:
        given = self.options.get(option, ())
        return given[-1] if given else ""


def commands(path: Path) -> list[IngestrCommand]:
    """Those in a file, or in the files of a folder.

    Raises:
        UserError: There is none, or a file cannot be read.
    """
    files = [f for f in sorted(path.rglob("*")) if f.is_file()] if path.is_dir() else [path]
    readable = [file for file in files if file.suffix in _READ or not path.is_dir()]
    found = [command for file in readable for command in _in_file(file, alone=not path.is_dir())]
    if not found:
        raise UserError(
            f"{path}: has no command `ingestr ingest`, and no asset of Bruin of `type: ingestr`"
        )
    return found


def _in_file(file: Path, *, alone: bool) -> Iterator[IngestrCommand]:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        if alone:
            raise UserError(f"{file}: is no text in UTF-8") from None
        return
    if file.suffix in _YAML:
        yield from _assets(file, text)
    else:
        yield from _lines(file, text)


def _assets(file: Path, text: str) -> Iterator[IngestrCommand]:
    try:
        read = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise UserError(f"{file}: is no YAML: {' '.join(str(error).split())}") from None
    for asset in read:
        if isinstance(asset, Mapping) and asset.get("type") == "ingestr":
            yield _asset(file, asset)


def _asset(file: Path, asset: Mapping[str, Any]) -> IngestrCommand:
    parameters = within(asset, "parameters")
    name = str(asset.get("name") or file.name.partition(".")[0])
    options = {
        option: [str(parameters[setting])]
        for setting, option in _SETTINGS.items()
        if parameters.get(setting)
    }
    columns = [c for c in asset.get("columns") or () if isinstance(c, Mapping)]
    keys = [str(column.get("name")) for column in columns if column.get("primary_key")]
    masks = [f"{column.get('name')}:{column['mask']}" for column in columns if column.get("mask")]
    written = within(asset, "materialization")
    options |= {"primary-key": keys} if keys else {}
    options |= {"mask": [*options.get("mask", []), *masks]} if masks else {}
    options |= {
        option: [str(written[key])]
        for key, option in (
            ("strategy", "incremental-strategy"),
            ("incremental_key", "incremental-key"),
        )
        if written.get(key)
    }
    options["dest-table"] = [str(parameters.get("destination_table") or name)]
    known = {*_SETTINGS, "source_connection", "destination", "destination_table"}
    return IngestrCommand(
        name,
        options,
        connection=str(parameters.get("source_connection", "")),
        destination=str(parameters.get("destination") or asset.get("connection") or ""),
        other={key: value for key, value in parameters.items() if key not in known},
    )


def _lines(file: Path, text: str) -> Iterator[IngestrCommand]:
    for line in text.replace("\\\n", " ").splitlines():
        if "ingestr" not in line:
            continue
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError as error:
            raise UserError(f"{file}: a command has {str(error).lower()}: {line[:40]}...") from None
        for at, word in enumerate(words[:-1]):
            if Path(word).name == "ingestr" and words[at + 1] == "ingest":
                options = _options(words[at + 2 :])
                kind = next(iter(options.get("dest-uri", ())), "").partition(":")[0]
                yield IngestrCommand("", options, destination=kind)


def _options(words: Sequence[str]) -> dict[str, list[str]]:
    options = dict[str, list[str]]()
    rest = iter(words)
    for word in rest:
        if word.strip(";&|") == "":
            break
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("--"):
            continue
        if not equals:
            value = "true" if name in _SWITCHES else next(rest, "")
        options.setdefault(name, []).append(value)
    return options
