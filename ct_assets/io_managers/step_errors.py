"""StepErrors makes errors readable in Dagster's log, and keeps values of rows out of it."""

import contextlib
from collections.abc import Iterator

import dagster as dg
import polars as pl

from ct_assets.errors import UserError, disk_trouble, hushed


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """An error that a person can mend ends the step with its own words, and is not retried."""
    try:
        yield
    except UserError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise dg.Failure(f"{where}{error.strerror or type(error).__name__}") from None
    except pl.exceptions.PolarsError as error:
        trouble = disk_trouble(error)
        hushed(error)
        raise dg.Failure(
            trouble
            or f"the rows could not be computed: {type(error).__name__} "
            "(polars' own text is left out: it may quote values)"
        ) from None
