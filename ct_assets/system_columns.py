"""SYSTEM_COLUMNS states the columns of a file of valid rows beside the fields that are sent."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

REASONS = pl.List(pl.Struct({"field": pl.String(), "code": pl.String(), "message": pl.String()}))
"""Why a row is rejected, or what was left out of its record."""


@dataclass(frozen=True)
class SystemColumn:
    dtype: pl.DataType
    about: str
    """Its meaning, for the catalog."""


SYSTEM_COLUMNS: Mapping[str, SystemColumn] = {
    "_key": SystemColumn(
        pl.String(), "Tells the row from all others: its identifier, or its event key."
    ),
    "_kind": SystemColumn(pl.String(), "What `_key` is: identity, objectId, FBID, GPID or event."),
    "_identity": SystemColumn(pl.String(), "Whom the record is about."),
    "_also": SystemColumn(pl.List(pl.String()), "Further identifiers of the same person."),
    "_ts": SystemColumn(pl.Int64(), "When it happened, in seconds since 1970."),
    "_record": SystemColumn(pl.String(), "The JSON that is sent."),
    "_clear": SystemColumn(
        pl.List(pl.String()), "Fields that are emptied in CleverTap if it has them."
    ),
    "_warnings": SystemColumn(REASONS, "What was left out of the record, and why."),
}
"""By name, in the order of the file; no field can have one of these names."""
