"""PolarsErrors says which part of a declaration polars could not compute, and why."""

import contextlib
import re
from collections.abc import Iterator

import polars as pl

from ct_assets.errors import disk_trouble, hushed
from ct_assets.mapping import SchemaError, Sync, bind
from ct_assets.mapping.declaration.problems import Path

_TEXT_TO_DATE = re.compile(
    r"casting from string to (?:date|time)|conversion from `str` to `(?:date|time)"
    r"|appropriate format to parse"
)


@contextlib.contextmanager
def computing(sync: Sync, source: pl.LazyFrame) -> Iterator[None]:
    """Errors of polars as ours, without their own texts, which quote rows."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        if disk_trouble(error):
            raise
        raise _blamed(sync, source, error) from None


def _blamed(sync: Sync, source: pl.LazyFrame, error: pl.exceptions.PolarsError) -> SchemaError:
    """Blames the first part of the declaration that fails by itself, too."""
    place: Path = ()
    why = f"the rows could not be computed ({type(error).__name__})"
    for path, part, alone in bind(sync, source.collect_schema()).apart(source):
        try:
            alone.collect(engine="streaming")
        except pl.exceptions.PolarsError as cause:
            place, why = path, f"{part} {_why(cause, path)}"
            hushed(cause)
            break
    hushed(error)
    return SchemaError(f"Sync {sync.name}: {why}", place)


_NO_DATE = (
    "makes a date of a text that is none, or casts text to a date, which SQL does not do here: "
)
_IN_A_CONDITION = (
    "compare a text of ISO 8601 as it is, as in `born >= '2024-01-31'`, or make it a date in the "
    "source, and compare that with DATE('2024-01-31')"
)
_IN_A_FIELD = (
    "name the column and its `format` in a field, as in `{column: born, format: '%d/%m/%Y'}`, "
    "which rejects such rows alone, or make it a date in the source"
)


def _why(error: pl.exceptions.PolarsError, path: Path) -> str:
    text = str(error)
    if _TEXT_TO_DATE.search(text):
        return _NO_DATE + (_IN_A_CONDITION if path == ("where",) else _IN_A_FIELD)
    if isinstance(error, pl.exceptions.InvalidOperationError):
        return "has a CAST that meets a value it cannot read; write TRY_CAST, which makes it null"
    if "overflow in decimal" in text:
        return (
            "makes a number of more digits than a decimal has; compute with a float, as in "
            "`CAST(amount AS DOUBLE) * 10`, or make the column narrower in the source"
        )
    return f"cannot be computed for one of the rows ({type(error).__name__})"
