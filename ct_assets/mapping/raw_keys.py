"""RawKeys finds rows by what identifies them in the source, whether they are valid or not."""

from collections.abc import Sequence

import polars as pl

from ct_assets.mapping.binder.field_reader import PART, FieldReader
from ct_assets.mapping.binder.wide_integers import widened
from ct_assets.mapping.convert.dtypes import in_calendar, trimmed
from ct_assets.mapping.declaration.filling import Filling
from ct_assets.mapping.declaration.sync import Sync


def rows_with_key(
    sync: Sync, rows: pl.LazyFrame, fillings: Sequence[Filling], key: str
) -> pl.LazyFrame:
    """Those of `rows`, which have the source's columns, of which one of the fillings gives `key`.

    Raises:
        SchemaError: The rows lack a column that a filling takes.
    """
    schema = rows.collect_schema()
    reader = FieldReader(sync.name, sync.source, schema)
    read = [reader.read(filling, "the key", f"{PART}{n}") for n, filling in enumerate(fillings)]
    texts = [
        trimmed(in_calendar(value, dtype).cast(pl.String, strict=False), pl.String())
        for value, dtype in read
        if not dtype.is_nested()
    ]
    computed = widened(rows, reader.widened, lambda frame: frame.with_columns(**reader.inputs))
    same = pl.any_horizontal(pl.lit(value=False), *(text == key for text in texts))
    return computed.filter(same).select(schema.names())
