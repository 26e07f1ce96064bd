"""CensusImport makes declarations of syncs that Census' API lists, and says what has no equal.

Shapes by developers.getcensus.com/api-reference/syncs/list-syncs, old answers and new ones.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ct_assets.components.migration.imported_sync import (
    ImportedSync,
    identifier,
    own_name,
    within,
)
from ct_assets.errors import UserError

_OPERATIONS = {
    "mirror": "it deletes who leaves the source: `on_removed: delete` does, once you say so",
    "append": "every row is sent once for each change",
}
_MODES = {"update": {"mode": "update_only"}, "insert": {"mode": "create_only"}}
_OTHERS = {
    "alert_attributes": "alerts are those of CT_ALERTS_URL",
    "field_normalization": "names of fields are written out here",
    "high_water_mark_attribute": "is not needed: only rows that changed are sent",
    "validate_only": "`ct-assets plan` does it",
}


def imported(file: Path, connection: str | None) -> list[ImportedSync]:
    """The syncs in an answer of Census' API; `connection` is where their tables and models are.

    Raises:
        UserError: The file is no JSON, or has no syncs.
    """
    try:
        answer = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{file}: is no JSON: {error}") from None
    listed = answer.get("data", answer) if isinstance(answer, Mapping) else answer
    syncs: list[ImportedSync] = []
    for raw in listed if isinstance(listed, list) else [listed]:
        if isinstance(raw, Mapping):
            syncs.append(_imported(raw, connection, syncs))
    if not syncs:
        raise UserError(f"{file}: has no syncs; it is the answer of /api/v1/syncs that is read")
    return syncs


def _imported(
    raw: Mapping[str, Any], connection: str | None, others: Sequence[ImportedSync]
) -> ImportedSync:
    made = ImportedSync.named(str(raw.get("label") or f"census {raw.get('id', '')}"), others)
    target = str(within(raw, "destination_attributes").get("object", ""))
    if "event" in target.lower():
        made.lost.append(
            f"{target}: an event needs `event_key` and `ts`, which a sync of Census does not name; "
            "write it with `dg scaffold defs`"
        )
        return made
    read = _source(made, within(within(raw, "source_attributes"), "object"))
    if read is None:
        return made
    place = {"connection": connection} if connection else {}
    made.source = {"asset": f"source/{made.name}", **read, **place}
    identifiers, fields = _mapped(made, _listed(raw.get("mappings")))
    every = {"other_columns": True} if raw.get("field_behavior") == "sync_all_properties" else {}
    made.sync = {
        "name": made.name,
        "object": "profile",
        "source": f"source/{made.name}",
        "identify_by": identifiers or [{"identity": "id"}],
        "fields": fields,
        **every,
        **_MODES.get(str(raw.get("operation")), {}),
        **_trigger(made, raw),
    }
    if not identifiers:
        made.lost.append("no mapping is the primary identifier: write the column of the identity")
    if why := _OPERATIONS.get(str(raw.get("operation"))):
        made.lost.append(f"operation {raw['operation']}: {why}")
    made.lost += [f"{name}: {why}" for name, why in _OTHERS.items() if raw.get(name)]
    return made


def _source(made: ImportedSync, read: Mapping[str, Any]) -> dict[str, Any] | None:
    if read.get("type") == "table":
        parts = [read.get(f"table_{part}") for part in ("schema", "name")]
        return {"table": ".".join(str(part) for part in parts if part)}
    if read.get("query"):
        return {"sql": str(read["query"])}
    made.lost.append(f"its source is a {read.get('type')}: declare its rows as a SourceTable")
    return None


def _mapped(
    made: ImportedSync, mappings: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    identifiers, fields = [], dict[str, Any]()
    for mapping in mappings:
        to, origin = str(mapping.get("to")), within(mapping, "from")
        kind, data = origin.get("type"), origin.get("data")
        if mapping.get("lookup_object"):
            made.lost.append(f"{to}: looks {mapping['lookup_object']} up; join it in the source")
        elif kind not in ("column", "constant_value"):
            made.lost.append(f"{to}: is filled by a {kind}; write it as `expr` or `template`")
        elif mapping.get("is_primary_identifier"):
            identifiers.append(identifier(to, data))
        else:
            value = data.get("value") if isinstance(data, Mapping) else data
            fields[own_name(to)] = value if kind == "column" else {"value": value}
    return identifiers, fields


def _listed(raw: object) -> list[Mapping[str, Any]]:
    return [one for one in raw if isinstance(one, Mapping)] if isinstance(raw, list) else []


def _trigger(made: ImportedSync, raw: Mapping[str, Any]) -> dict[str, Any]:
    triggers = within(within(raw, "mode"), "triggers") or within(raw, "triggers")
    paused = {"paused": True} if raw.get("paused") else {}
    made.lost += [
        f"it starts after {name}: `trigger: on_change`, with the asset of that tool as `upstream`"
        for name in triggers
        if name != "schedule"
    ]
    cron = raw.get("cron_expression") or _cron(made, raw, within(triggers, "schedule"))
    return {"trigger": cron, **paused} if cron else {}


def _cron(made: ImportedSync, raw: Mapping[str, Any], schedule: Mapping[str, Any]) -> str | None:
    often = schedule.get("frequency") or raw.get("schedule_frequency") or "never"
    minute = schedule.get("minute") or raw.get("schedule_minute") or 0
    hour = schedule.get("hour") or raw.get("schedule_hour") or 0
    known = {"hourly": f"{minute} * * * *", "daily": f"{minute} {hour} * * *", "never": None}
    if often not in (*known, "manual", "expression"):
        made.lost.append(f"it runs {often}: write a cron line as `trigger`")
    return schedule.get("cron_expression") or known.get(often)
