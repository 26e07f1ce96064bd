"""CensusImport makes declarations of syncs that Census' API lists, and says what has no equal.

Shapes by developers.getcensus.com/api-reference/syncs/list-syncs, old answers and new ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ct_assets.clevertap.contract import IDENTIFIERS
from ct_assets.clevertap.fields import PROFILE_FIELDS
from ct_assets.components.scaffold.proposed_source import plain

_OWN = {name.casefold(): name for name in PROFILE_FIELDS}
_KINDS = {kind.casefold(): kind for kind in IDENTIFIERS}
_OPERATIONS = {
    "mirror": "it deletes who leaves the source: `on_removed: delete` does, once you say so",
    "update": "people who are new are created here, too",
    "insert": "people who are there already are changed here, too",
    "append": "every row is sent once for each change",
}
_OTHERS = {
    "alert_attributes": "alerts are those of CT_ALERTS_URL",
    "field_normalization": "names of fields are written out here",
    "high_water_mark_attribute": "is not needed: only rows that changed are sent",
    "validate_only": "`ct-assets plan` does it",
}


@dataclass
class ImportedSync:
    """The settings of a source and of a sync; none where nothing could be made of it."""

    name: str
    source: dict[str, Any] | None = None
    sync: dict[str, Any] | None = None
    lost: list[str] = field(default_factory=list)
    """Sentences on what has no equal, and why."""


def imported(answer: object, connection: str | None) -> Iterator[ImportedSync]:
    """The syncs in an answer of Census' API; `connection` is where their tables and models are."""
    listed = answer.get("data", answer) if isinstance(answer, Mapping) else answer
    for raw in listed if isinstance(listed, list) else [listed]:
        if isinstance(raw, Mapping):
            yield _imported(raw, connection)


def _imported(raw: Mapping[str, Any], connection: str | None) -> ImportedSync:
    label = str(raw.get("label") or f"census {raw.get('id', '')}").strip().lower()
    made = ImportedSync(plain(label))
    target = str((raw.get("destination_attributes") or {}).get("object", ""))
    if "event" in target.lower():
        made.lost.append(
            f"{target}: an event needs `event_key` and `ts`, which a sync of Census does not name; "
            "write it with `dg scaffold defs`"
        )
        return made
    read = _source(made, (raw.get("source_attributes") or {}).get("object") or {})
    if read is None:
        return made
    place = {"connection": connection} if connection else {}
    made.source = {"asset": f"source/{made.name}", **read, **place}
    identifiers, fields = _mapped(made, raw.get("mappings") or ())
    every = {"other_columns": True} if raw.get("field_behavior") == "sync_all_properties" else {}
    made.sync = {
        "name": made.name,
        "object": "profile",
        "source": f"source/{made.name}",
        "identify_by": identifiers or [{"identity": "id"}],
        "fields": fields,
        **every,
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
        to, origin = str(mapping.get("to")), mapping.get("from") or {}
        kind, data = origin.get("type"), origin.get("data")
        if mapping.get("lookup_object"):
            made.lost.append(f"{to}: looks {mapping['lookup_object']} up; join it in the source")
        elif kind not in ("column", "constant_value"):
            made.lost.append(f"{to}: is filled by a {kind}; write it as `expr` or `template`")
        elif mapping.get("is_primary_identifier"):
            identifiers.append({_KINDS.get(to.casefold(), "identity"): data})
        else:
            value = data.get("value") if isinstance(data, Mapping) else data
            name = _OWN.get(to.casefold(), to)
            fields[name] = value if kind == "column" else {"value": value}
    return identifiers, fields


def _trigger(made: ImportedSync, raw: Mapping[str, Any]) -> dict[str, Any]:
    triggers = (raw.get("mode") or {}).get("triggers") or raw.get("triggers") or {}
    paused = {"paused": True} if raw.get("paused") else {}
    made.lost += [
        f"it starts after {name}: `trigger: on_change`, with the asset of that tool as `upstream`"
        for name in triggers
        if name != "schedule"
    ]
    cron = raw.get("cron_expression") or _cron(made, raw, triggers.get("schedule") or {})
    return {"trigger": cron, **paused} if cron else {}


def _cron(made: ImportedSync, raw: Mapping[str, Any], schedule: Mapping[str, Any]) -> str | None:
    often = schedule.get("frequency") or raw.get("schedule_frequency") or "never"
    minute = schedule.get("minute") or raw.get("schedule_minute") or 0
    hour = schedule.get("hour") or raw.get("schedule_hour") or 0
    known = {"hourly": f"{minute} * * * *", "daily": f"{minute} {hour} * * *", "never": None}
    if often not in (*known, "manual", "expression"):
        made.lost.append(f"it runs {often}: write a cron line as `trigger`")
    return schedule.get("cron_expression") or known.get(often)
