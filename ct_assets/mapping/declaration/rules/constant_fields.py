"""Constant fields, with one value for all rows, are judged when the declaration is read."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.binder.bind import bind
from ct_assets.mapping.convert import prepare
from ct_assets.mapping.declaration.field import Identifier
from ct_assets.mapping.declaration.problems import Problem, SchemaError
from ct_assets.mapping.declaration.rules.consistency import own_type
from ct_assets.mapping.declaration.sync import Sync

_ROW = pl.LazyFrame({"id": ["a"]})
_NOBODY = {"identify_by": (Identifier.model_validate({"identity": "id"}),), "event_key": None}


def dates_as_text(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Constants that are dates as text and `type: date`: a declaration is kept as JSON."""
    fields = raw.get("fields")
    if not isinstance(fields, Mapping):
        return raw
    return {**raw, "fields": {n: _as_text(f, own_type(raw, n)) for n, f in fields.items()}}


def _as_text(field: object, own: FieldType | None) -> object:
    value = field.get("value") if isinstance(field, Mapping) else None
    if not (isinstance(field, Mapping) and isinstance(value, date)):
        return field
    typed = {"type": FieldType.DATE.value} if own is None else {}
    return {**typed, **field, "value": value.isoformat()}


def problems_of_constants(sync: Sync) -> Iterator[Problem]:
    """Values that would have every row rejected."""
    for name, field in sync.fields.items():
        if field.value is None or field.columns() or field.json_ is not False:
            continue
        alone = sync.bare({name: field}).model_copy(update=_NOBODY)
        if (message := _problem(alone)) is not None:
            yield Problem(("fields", name, "value"), message)


def _problem(sync: Sync) -> str | None:
    try:
        bound = bind(sync, _ROW.collect_schema())
    except SchemaError as error:
        return str(error).removeprefix(f"Sync {sync.name}: ")
    (field,) = bound.fields
    row = prepare(_ROW, [field.converted])
    failed = row.filter(field.converted.failed).select(field.converted.message)
    return next(iter(failed.collect().to_series()), None)
