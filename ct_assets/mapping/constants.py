"""Fields that have one value for all rows: judged when the declaration is read."""

from collections.abc import Iterator

import polars as pl

from ct_assets.mapping.bind import bind
from ct_assets.mapping.convert import prepare
from ct_assets.mapping.declaration import Duplicates, Sync
from ct_assets.mapping.filling import Identifier
from ct_assets.mapping.problems import Problem, SchemaError

_ROW = pl.LazyFrame({"id": ["a"]})
_NOBODY = {
    "identify_by": (Identifier.model_validate({"identity": "id"}),),
    "where": None,
    "other_columns": None,
    "event_key": None,
    "ts": None,
    "duplicates": Duplicates(),
}


def problems_of_constants(sync: Sync) -> Iterator[Problem]:
    """Values that would have every row rejected."""
    for name, field in sync.fields.items():
        if field.value is None or field.columns():
            continue
        alone = sync.model_copy(update={**_NOBODY, "fields": {name: field}})
        if (told := _problem(alone)) is not None:
            yield Problem(("fields", name, "value"), told)


def _problem(sync: Sync) -> str | None:
    try:
        mapped = bind(sync, _ROW.collect_schema())
    except SchemaError as error:
        return str(error).removeprefix(f"Sync {sync.name}: ")
    (field,) = mapped.fields
    row = prepare(_ROW, [field.converted])
    failed = row.filter(field.converted.failed).select(field.converted.message)
    return next(iter(failed.collect().to_series()), None)
