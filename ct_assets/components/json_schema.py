"""Makes the JSON schema for editors and `dg`: pydantic's, with the short forms and examples.

It offers names, values and descriptions, and refuses nothing: `dg check defs` would print a mistake
in the words of the schema, and not in ours, which say what to write instead.
"""

from collections.abc import Mapping
from typing import Any

from ct_assets.clevertap.contract import IDENTIFIERS
from ct_assets.mapping import Sync
from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.source import Source

# The short form that may replace the mapping of these models.
_SHORT: Mapping[str, Mapping[str, Any]] = {
    "Field": {"type": "string", "description": "A column."},
    "Filling": {"type": "string", "description": "A column."},
    "Moment": {"type": "string", "description": "A column."},
    "EventName": {"type": "string", "description": "The one name of its events."},
    "Region": {"type": "string", "description": "A country: ISO code or English name."},
    "Trigger": {"type": "string", "description": "A cron line, or on_change."},
    "OnChange": {"const": True},
    "Duplicates": {"const": "reject"},
    "OtherColumns": {"const": True},
    "Log": {"type": "boolean"},
    "Redaction": {"const": True},
}
_IDENTIFIER = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {name: {"$ref": "#/$defs/Filling"} for name in IDENTIFIERS},
}
_SYNC = {
    "name": "customers",
    "object": "profile",
    "source": "chinook/customer",
    "identify_by": [{"identity": "CustomerId"}],
    "fields": {"Name": {"template": "{FirstName} {LastName}"}, "Email": "Email"},
    "max_rejected": 0.1,
    "trigger": "0 * * * *",
}
_SOURCE = {"asset": "chinook/customer", "file": "data/chinook/customer.csv"}
_CONNECTION = {"name": "shop", "url": "{{ env.SHOP_URL }}"}


def sync_schema() -> dict[str, Any]:
    schema = Sync.model_json_schema()
    defs = schema["$defs"]
    for name, short in _SHORT.items():
        if name in defs:
            defs[name] = {"anyOf": [short, defs[name]]}
    defs.setdefault("Filling", defs["Field"])
    defs["Identifier"] = _IDENTIFIER
    return _offered(schema, _SYNC)


def source_schema() -> dict[str, Any]:
    return _offered(Source.model_json_schema(), _SOURCE)


def connection_schema() -> dict[str, Any]:
    return _offered(ConnectionSpec.model_json_schema(), _CONNECTION)


def _offered(schema: Mapping[str, Any], examples: Mapping[str, Any]) -> dict[str, Any]:
    """Every property has an example: without it `dg` makes up values that are no declaration."""
    offered = {
        name: {
            "anyOf": [known, {}],
            "description": known.get("description", ""),
            "examples": [examples.get(name, known.get("default") or f"<{name}>")],
        }
        for name, known in schema["properties"].items()
    }
    return {"type": "object", "properties": offered, "$defs": schema.get("$defs", {})}
