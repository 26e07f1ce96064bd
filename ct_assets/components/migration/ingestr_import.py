"""IngestrImport makes declarations of commands of ingestr that write to CleverTap.

Shapes by docs/supported-sources/clevertap.md and docs/commands/ingest.md of bruin-data/ingestr, and
docs/assets/ingestr.md of bruin-data/bruin.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ct_assets.clevertap.fields import PROFILE_FIELDS
from ct_assets.components.migration.imported_sync import (
    ImportedSync,
    identifier,
    own_name,
    unequal,
)
from ct_assets.components.migration.ingestr_commands import IngestrCommand, commands
from ct_assets.components.migration.ingestr_sources import Sources

_NO_MATTER = (
    "source-uri", "source-table", "dest-uri", "dest-table", "primary-key", "columns", "mask",
    "sql-exclude-columns", "incremental-strategy", "yes", "debug", "progress", "page-size",
    "extract-parallelism", "loader-file-format", "loader-file-size", "sql-backend",
    "pipelines-dir", "schema-naming",
)  # fmt: skip
_OPTIONS: dict[str, str | None] = dict.fromkeys(_NO_MATTER) | {
    "incremental-key": "is not needed: only rows that changed are sent; `incremental` of the "
    "source reads no more than those",
    "interval-start": "is not needed: what was sent is not sent again",
    "interval-end": "is not needed: what was sent is not sent again",
    "full-refresh": "`ct-assets run SYNC --full` does it once",
    "reject-mode": "rows with a mistake are in SYNC/rejected, and `max_rejected` is their limit",
    "write-nulls": "`on_null: clear` of a field clears it; a null leaves what is there",
    "sql-limit": "`ct-assets run SYNC --limit` does it once",
    "stream": "`trigger: on_change` starts a run when the source changes",
}
_TABLE = ("identity_column", "id_type", "event_name", "event_name_column", "ts", "on_error")
_HASHES = {"hash": "sha256", "sha256": "sha256", "md5": "md5"}
_STRATEGIES = {"update": {"mode": "update_only"}}


def imported(path: Path, connection: str | None) -> list[ImportedSync]:
    """The syncs of the commands in a file or a folder; `connection` is where their rows are.

    Raises:
        UserError: There is no command, or a file cannot be read.
    """
    syncs: list[ImportedSync] = []
    sources = Sources(connection)
    for command in commands(path):
        table, _, rest = command.one("dest-table").partition("?")
        given = {key: values[-1] for key, values in parse_qs(rest).items()}
        label = command.name.partition("?")[0].rpartition(".")[2] or _label(command, given)
        made = ImportedSync.named(label, syncs)
        if "clevertap" not in f"{command.destination} {command.one('dest-uri')}".lower():
            to = command.destination or "no destination"
            made.lost.append(f"it goes to {to}, not to CleverTap")
        elif table not in ("profiles", "events"):
            made.lost.append(f"it writes to {table}; only profiles and events are known")
        else:
            _fill(made, command, table, given, sources)
        syncs.append(made)
    return syncs


def _label(command: IngestrCommand, given: Mapping[str, str]) -> str:
    table = command.one("source-table")
    if table.startswith("query:"):
        return given.get("event_name") or command.one("dest-table").partition("?")[0]
    return table.rpartition(".")[2]


def _fill(
    made: ImportedSync,
    command: IngestrCommand,
    table: str,
    given: Mapping[str, str],
    sources: Sources,
) -> None:
    keys = command.options.get("primary-key", ())
    person = given.get("identity_column") or (keys[0] if len(keys) == 1 else "")
    if not person or person in _masks(command):
        made.lost.append(
            f"the person's column {person} is masked; write `identify_by`"
            if person
            else "names no `identity_column`; write `identify_by`"
        )
        return
    sources.read(made, command)
    renamed = _renamed(made, command)
    sync: dict[str, Any] = {
        "name": made.name,
        "object": "profile" if table == "profiles" else "event",
        "source": f"source/{made.name}",
        "identify_by": [identifier(given.get("id_type", "identity"), renamed.get(person, person))],
        **_fields(made, command, person, renamed),
    }
    if table == "profiles":
        made.sync = sync | _STRATEGIES.get(command.one("incremental-strategy"), {})
    elif event := _event(made, given, person, keys, renamed):
        made.sync = sync | event
    made.lost += unequal({k: v[-1] for k, v in command.options.items()}, _OPTIONS)
    made.lost += unequal(command.other, {})
    made.lost += unequal(given, dict.fromkeys(_TABLE))


def _fields(
    made: ImportedSync, command: IngestrCommand, person: str, renamed: Mapping[str, str]
) -> dict[str, Any]:
    """The settings that say which columns are sent, and as what."""
    hidden = _hidden(made, command)
    own = {own_name(name): from_ for name, from_ in renamed.items() if name != person}
    hashed = {name: {"column": name, "hash": how} for name, how in _hashed(command).items()}
    return {"fields": own | hashed, "other_columns": {"except": hidden} if hidden else True}


def _event(
    made: ImportedSync,
    given: Mapping[str, str],
    person: str,
    keys: Sequence[str],
    renamed: Mapping[str, str],
) -> dict[str, Any] | None:
    """The settings that only an event has; none without a name and a time."""
    by_row, at = given.get("event_name_column"), given.get("ts")
    if at is None or not (given.get("event_name") or by_row):
        made.lost.append("names no column of a time, or no event; write `ts` and `event`")
        return None
    own = [key for key in keys if key != person]
    columns = [
        renamed.get(part, part) for part in own or [person, at, *([by_row] if by_row else [])]
    ]
    if not own:
        made.lost.append(
            f"event_key: a command names none, so it is made of {', '.join(columns)}: two events "
            "that are equal in these are rejected as duplicates; write a column that differs"
        )
    template = "|".join(f"{{{column}}}" for column in columns)
    return {
        "event": given.get("event_name") or {"column": by_row},
        "event_key": columns[0] if len(columns) == 1 else {"template": template},
        "ts": renamed.get(at, at),
        "first_run": "from_now",  # what is there has been sent by ingestr
    }


def _renamed(made: ImportedSync, command: IngestrCommand) -> dict[str, str]:
    """Columns of the source by their new names; types are told as lost."""
    renamed = {}
    for entry in ",".join(command.options.get("columns", ())).split(","):
        name, kind, source = (part.strip() for part in f"{entry}::".split(":")[:3])
        if source:
            renamed[name] = source
        if kind:
            made.lost.append(f"--columns {entry}: write `type` of the field")
    return renamed


def _masks(command: IngestrCommand) -> dict[str, str]:
    given = ",".join(command.options.get("mask", ())).split(",")
    pairs = (mask.partition(":") for mask in given if mask)
    return {column: rest for column, _, rest in pairs}


def _hashed(command: IngestrCommand) -> dict[str, str]:
    """How to hash columns, but CleverTap's own fields, which have to be readable."""
    return {
        column: _HASHES[kind]
        for column, kind in _masks(command).items()
        if kind in _HASHES and own_name(column) not in PROFILE_FIELDS
    }


def _hidden(made: ImportedSync, command: IngestrCommand) -> list[str]:
    """Columns that do not leave: none with a mask that has no equal goes as it is."""
    left_out = [c for c in ",".join(command.options.get("sql-exclude-columns", ())).split(",") if c]
    hashed = _hashed(command)
    for column, kind in _masks(command).items():
        if column not in hashed:
            left_out.append(column)
            made.lost.append(f"--mask {column}:{kind}: has no equal, so the column is left out")
    return left_out
