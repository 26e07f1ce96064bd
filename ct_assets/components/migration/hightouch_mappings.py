"""HightouchMappings read what a sync of Hightouch sends: identifiers, fields, an event's name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ct_assets.components.migration.imported_sync import identifier, own_name

_EVENT, _TIME = {"evtname", "eventname", "event_name"}, {"ts", "timestamp", "eventtimestamp"}
_ROW = re.compile(r"\{\{\s*row\[\s*(['\"])(?P<column>[^'\"{}|]+)\1\s*\]\s*\}\}")
"""The one thing in a Liquid template that has an equal here: a column as it is."""


@dataclass
class Mapped:
    identifiers: list[dict[str, Any]] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    event: Any = None
    """The name of the events, or the column that has it."""
    ts: Any = None
    lost: list[str] = field(default_factory=list)


def mapped(config: Mapping[str, Any]) -> Mapped:
    parts = Mapped()
    for mapping in _listed(config.get("externalIdMapping")):
        filling = _filling(mapping, parts)
        if filling is not None:
            parts.identifiers.append(identifier(mapping.get("to"), filling))
    for mapping in (m for k in ("mappings", "customMappings") for m in _listed(config.get(k))):
        name = str(mapping.get("to"))
        filling = _filling(mapping, parts)
        if filling is None:
            continue
        if name.casefold() in _EVENT:
            parts.event = _named(filling)
        elif name.casefold() in _TIME:
            parts.ts = filling
        else:
            parts.fields[own_name(name)] = filling
    _own_settings(config, parts)
    return parts


def _own_settings(config: Mapping[str, Any], parts: Mapped) -> None:
    """Reads the settings beside the mappings, which are text or mappings themselves."""
    if name := config.get("eventName"):
        parts.event = name if isinstance(name, str) else _named(_filling(name, parts))
    for key in ("eventTimestamp", "timestamp"):
        if at := config.get(key):
            parts.ts = at if isinstance(at, str) else _filling(at, parts)


def _named(filling: Any) -> Any:  # noqa: ANN401 -- a setting of a declaration
    """As `event` says it: text stands for the name itself there."""
    if isinstance(filling, str):
        return {"column": filling}
    return filling.get("value", filling) if isinstance(filling, Mapping) else filling


def _listed(raw: object) -> Iterator[Mapping[str, Any]]:
    found = raw if isinstance(raw, Sequence) and not isinstance(raw, str) else [raw]
    yield from (mapping for mapping in found if isinstance(mapping, Mapping))


def _filling(mapping: Mapping[str, Any], parts: Mapped) -> Any:  # noqa: ANN401 -- likewise
    """The column of a mapping, or settings; None where nothing has its equal, which is told."""
    kind, to = str(mapping.get("type", "standard")), mapping.get("to", "a mapping")
    if kind == "standard" and isinstance(mapping.get("from"), str):
        return mapping["from"]
    if kind == "static" and "value" in mapping:
        return {"value": mapping["value"]}
    if kind == "template":
        text = str(mapping.get("template", ""))
        if _ROW.search(text) and not re.search(r"[{}]", _ROW.sub("", text)):
            return {"template": _ROW.sub(r"{\g<column>}", text)}
    whose = "is looked up in another model; join it there" if kind == "reference" else None
    parts.lost.append(f"{to}: {whose or f'is filled by a {kind}; write it as `expr`'}")
    return None
