"""What is told when polars cannot compute the rows of a sync."""

import contextlib
from collections.abc import Iterator

import polars as pl

from ct_assets.errors import UserError, disk_trouble, hushed
from ct_assets.mapping import Sync, bind


@contextlib.contextmanager
def computing(sync: Sync, source: pl.LazyFrame) -> Iterator[None]:
    """Errors of polars as ours, without their own texts, which quote rows."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        if disk_trouble(error):
            raise
        failing = _failing(sync, source)
        why = f"the rows could not be computed ({type(error).__name__})"
        if failing is not None:
            what, error = failing
            why = f"{what} {_why(error)}"
        hushed(error)
        raise UserError(f"Sync {sync.name}: {why}") from None


def _failing(sync: Sync, source: pl.LazyFrame) -> tuple[str, pl.exceptions.PolarsError] | None:
    """The first of what the declaration computes that fails by itself, too."""
    for what, alone in bind(sync, source.collect_schema()).apart(source):
        try:
            alone.collect(engine="streaming")
        except pl.exceptions.PolarsError as error:
            return what, error
    return None


def _why(error: pl.exceptions.PolarsError) -> str:
    if isinstance(error, pl.exceptions.InvalidOperationError):
        return "has a CAST that meets a value it cannot read; write TRY_CAST, which makes it null"
    if "overflow in decimal" in str(error):
        return (
            "makes a number of more digits than a decimal has; compute with a float, as in "
            "`CAST(amount AS DOUBLE) * 10`, or make the column narrower in the source"
        )
    return f"cannot be computed for one of the rows ({type(error).__name__})"
