"""IncrementalSpec is the declaration of which rows are read again, and how often all are."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from ct_assets.documented_model import DocumentedModel
from ct_assets.mapping.declaration.problems import mistake, shown

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _duration(raw: object) -> object:
    found = re.fullmatch(r"(\d+)\s*([smhdw])", raw.strip()) if isinstance(raw, str) else None
    if found is None:
        raise mistake(f"must be a time such as 30m, 1h or 7d, not {shown(raw)}.")
    return raw


def _lookback(raw: object) -> object:
    whole = isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0
    return raw if whole else _duration(raw)


def _key(raw: object) -> object:
    return [raw] if isinstance(raw, str) else raw


class IncrementalSpec(DocumentedModel):
    """Which rows a run reads: those at or beyond the last watermark, less `lookback`, and nulls."""

    column: str
    """A date, time or whole number that grows whenever a row changes, such as updated_at."""
    key: Annotated[tuple[str, ...] | None, BeforeValidator(_key)] = Field(None, min_length=1)
    """The column, or columns, that make a row unique: rows read again take the places of theirs.

    Left out: the primary key of the table.
    """
    lookback: Annotated[str | int, BeforeValidator(_lookback)] = "1h"
    """How far before the last watermark to begin, for rows that are committed late; of a column of
    numbers, a number."""
    full_every: Annotated[str, BeforeValidator(_duration)] = "7d"
    """How often all rows are read, which shows those that were deleted."""

    @property
    def look_back(self) -> timedelta | int:
        return self.lookback if isinstance(self.lookback, int) else duration(self.lookback)


def duration(text: str) -> timedelta:
    return timedelta(**{_UNITS[text.strip()[-1]]: int(text.strip()[:-1])})
