"""HightouchImport makes declarations of the models and syncs that Hightouch's Git Sync keeps.

Shapes by hightouch.com/docs/syncs/git-sync, and by repositories that publish such files: `models`
and `syncs` hold a file each, `manifest*.yaml` names the destinations and their types.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ct_assets.components.migration import cron_lines
from ct_assets.components.migration.hightouch_mappings import Mapped, mapped
from ct_assets.components.migration.imported_sync import (
    ImportedSync,
    identifier,
    unequal,
    within,
)
from ct_assets.errors import UserError

_MODES = {
    "upsert": {},
    "update": {"mode": "update_only"},
    "insert": {"mode": "create_only"},
}
_CONFIG: dict[str, str | None] = dict.fromkeys(
    ("mode", "type", "object", "mappings", "customMappings", "externalIdMapping", "configVersion")
)
_CONFIG |= dict.fromkeys(("eventName", "eventTimestamp", "timestamp"))
_CONFIG["rateLimit"] = "CleverTap's own limit is kept"
_SUFFIXES = (".yaml", ".yml")


def imported(folder: Path, connection: str | None) -> list[ImportedSync]:
    """The syncs of a repository of Git Sync; `connection` is where its models are read.

    Raises:
        UserError: It is no such repository, or a file is no YAML.
    """
    files = list(_files(folder, "syncs"))
    if not files:
        raise UserError(
            f"{folder}: has no folder `syncs` with YAML files; name the repository that "
            "Hightouch's Git Sync writes to"
        )
    models = {file.stem: _read(file) for file in _files(folder, "models")}
    kinds = dict(_destinations(folder))
    syncs: list[ImportedSync] = []
    for file in files:
        made, raw = ImportedSync.named(file.stem, syncs), _read(file)
        to = str(raw.get("destination", ""))
        kind = kinds.get(to, to)
        if "clevertap" in kind.lower():
            _fill(made, raw, models, connection)
        else:
            made.lost.append(f"it goes to {kind or 'no destination'}, not to CleverTap")
        syncs.append(made)
    return syncs


def _fill(
    made: ImportedSync, raw: Mapping[str, Any], models: Mapping[str, Any], connection: str | None
) -> None:
    config = within(raw, "config")
    sort = f"{config.get('type', '')} {config.get('object', '')}".lower()
    model = models.get(str(raw.get("model")))
    if model is None:
        made.lost.append(f"its model {raw.get('model')} has no file in `models`")
        return
    if "segment" in sort or "audience" in sort:
        made.lost.append(
            "a list of people needs a name, a creator and an address: write `object: segment`"
        )
        return
    made.source = _source(made, model, connection)
    parts = mapped(config)
    made.lost += parts.lost
    common = {
        "name": made.name,
        "object": "event" if "event" in sort else "profile",
        "source": f"source/{made.name}",
        "identify_by": parts.identifiers or [identifier("identity", _key(model) or "id")],
        "fields": parts.fields,
    }
    own = _of_event(made, parts, model) if "event" in sort else _of_profile(made, config)
    about = {"description": str(raw["description"])} if raw.get("description") else {}
    if own is not None:
        made.sync = {**common, **own, **about, **_trigger(made, raw)}
    if not parts.identifiers:
        made.lost.append("no mapping names the person: the model's primary key is taken")
    made.lost += unequal(config, _CONFIG)


def _source(
    made: ImportedSync, model: Mapping[str, Any], connection: str | None
) -> dict[str, Any] | None:
    place = {"connection": connection} if connection else {}
    kept = {"asset": f"source/{made.name}"}
    if query := model.get("rawSql") or model.get("sql"):
        return {**kept, "sql": str(query), **place}
    if unit := model.get("modelId"):
        name = str(unit).rpartition(".")[2]
        made.lost.append(
            f"{unit}: the table of that name is read; where dbt runs in this Dagster, give the key "
            "of its asset as `source` instead"
        )
        return {**kept, "table": name, **place}
    if table := model.get("table") or model.get("tableName"):
        named = table.get("name") if isinstance(table, Mapping) else table
        return {**kept, "table": str(named), **place}
    made.lost.append(f"its model is a {model.get('type')}: declare its rows as a SourceTable")
    return None


def _key(model: Mapping[str, Any]) -> str | None:
    key = model.get("primaryKey")
    return str(key) if key else None


def _of_profile(made: ImportedSync, config: Mapping[str, Any]) -> dict[str, Any]:
    mode = str(config.get("mode", "upsert"))
    if mode == "mirror":
        made.lost.append("mode mirror: it deletes who leaves the model: `on_removed: delete` does")
    elif mode not in _MODES:
        made.lost.append(f"mode {mode}: has no equal here")
    return dict(_MODES.get(mode, {}))


def _of_event(made: ImportedSync, parts: Mapped, model: Mapping[str, Any]) -> dict[str, Any] | None:
    """Nothing of an event whose name, time or key cannot be told."""
    key = _key(model)
    lacking = {"a name": parts.event, "a time": parts.ts, "a primary key": key}
    if missing := [what for what, found in lacking.items() if not found]:
        made.lost.append(
            f"no {' and no '.join(what.removeprefix('a ') for what in missing)} of its events is "
            "declared where it is known to be; write `event`, `ts` and `event_key`"
        )
        return None
    # What is there has been sent by the other tool.
    return {"event": parts.event, "event_key": key, "ts": parts.ts, "first_run": "from_now"}


def _trigger(made: ImportedSync, raw: Mapping[str, Any]) -> dict[str, Any]:
    schedule = within(raw, "schedule")
    kind, inner = str(schedule.get("type", "manual")), within(schedule, "schedule")
    paused = {"paused": True} if raw.get("schedulePaused") else {}
    if kind == "manual":
        return {}
    if cron := _cron(kind, inner, schedule.get("startDate")):
        return {"trigger": cron, **paused}
    made.lost.append(
        f"schedule {kind}: has no equal that is known; write a cron line as `trigger`, or "
        "`on_change`"
    )
    return {}


def _cron(kind: str, inner: Mapping[str, Any], start: object) -> str | None:
    every, expressions = within(inner, "interval"), inner.get("expressions")
    if kind == "interval":
        return cron_lines.of_interval(str(every.get("unit")), every.get("quantity"), start)
    if kind == "cron":
        found = inner.get("expression") or inner.get("cron")
        return str(found) if found else None
    if isinstance(expressions, list) and len(expressions) == 1:
        return cron_lines.of_days(expressions[0])
    return None


def _destinations(folder: Path) -> Iterator[tuple[str, str]]:
    for file in _within(folder, "manifest*"):
        for slug, about in within(_read(file), "destinations").items():
            kind = about.get("type") if isinstance(about, Mapping) else None
            yield str(slug), str(kind or slug)


def _files(folder: Path, kind: str) -> Sequence[Path]:
    return [file for file in _within(folder, "*") if kind in file.relative_to(folder).parts[:-1]]


def _within(folder: Path, pattern: str) -> Sequence[Path]:
    return sorted(f for f in folder.rglob(pattern) if f.suffix in _SUFFIXES and f.is_file())


def _read(file: Path) -> Mapping[str, Any]:
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{file}: is no YAML: {' '.join(str(error).split())}") from None
    return read if isinstance(read, Mapping) else {}
