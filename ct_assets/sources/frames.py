"""Frames of polars, pandas and Arrow become rows that can be kept as Parquet."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import polars as pl

from ct_assets.errors import UserError, hushed


class SourceFrame(NamedTuple):
    """The rows of a source, as a sync takes them."""

    rows: pl.LazyFrame
    left_out: Mapping[str, str] = {}
    """Columns that could not be read, with the reason of each."""
    file: Path | None = None
    """That has the rows, if one does."""


def lazy_frame(value: object) -> pl.LazyFrame | None:
    """The rows of a frame or a table of any of these libraries; None of anything else.

    Raises:
        UserError: It has columns that are no columns of Parquet.
    """
    if isinstance(value, pl.LazyFrame | pl.DataFrame):
        return _storable(value.lazy())
    try:
        frame = _read(value)
    except ModuleNotFoundError as error:
        raise UserError(
            f"a {_kind(value)} is read with {error.name}, which is not installed; install it, or "
            "give a polars frame"
        ) from None
    except Exception as error:
        hushed(error)
        raise UserError(
            f"a {_kind(value)} cannot be read as a table ({type(error).__name__}): give each "
            "column a name of its own and values of one type"
        ) from None
    return None if frame is None else _storable(frame.lazy())


def _read(value: Any) -> pl.DataFrame | None:  # noqa: ANN401 -- of libraries that may be absent
    if _kind(value) == "pandas DataFrame":
        # An index that has a name is a column, as after `set_index`.
        named = any(name is not None for name in value.index.names)
        return pl.from_pandas(value, include_index=named)
    if hasattr(value, "__arrow_c_stream__"):
        return cast("pl.DataFrame", pl.from_arrow(value))
    return None


def _storable(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Objects without a key have no value, and Parquet has no column of them."""
    empty = []
    for name, dtype in frame.collect_schema().items():
        if dtype == pl.Struct([]):
            empty.append(pl.lit(None, pl.String).alias(name))
        elif isinstance(dtype, pl.Object):
            raise UserError(
                f"column {name!r} has Python objects; make it text, numbers or another type of "
                "polars"
            )
    return frame.with_columns(empty) if empty else frame


def _kind(value: object) -> str:
    """The library and the name of its type, such as `pandas DataFrame`."""
    return f"{type(value).__module__.partition('.')[0]} {type(value).__name__}"
