"""Names the results for a phone number, and packs them into small integers for the engine.

An *outcome* packs all that libphonenumber decides about one string into 12 bits: 16 times the
place of the region in `regions()` counted from 1, plus a kind: the number's type if it is valid,
otherwise why it is not. Below 16 are the outcomes of strings that could not be read at all.
"""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import phonenumbers
import polars as pl

STATUSES = ("valid_as_is", "valid_normalised", "invalid", "unparsable", "null")
TYPES = (
    "fixed_line",
    "mobile",
    "fixed_line_or_mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
INVALID = ("too_short", "too_long", "invalid_length", "local_only", "not_valid_for_region")
UNPARSABLE = (
    "not_a_number",
    "invalid_country_code",
    "no_region",
    "unknown_region",
    "too_short",
    "too_long",
)
OUR_RULES = ("type_not_accepted", "below_min_digits", "above_max_digits")
REASONS = tuple(dict.fromkeys((*INVALID, *UNPARSABLE, *OUR_RULES)))

KINDS = 16
OUTCOMES = 256 * KINDS
NULL = 0
SLOW = 14
"""Only phonenumbers can tell."""
DIAL_ABROAD = 15
"""An international prefix; behind it the digits begin with a calling code."""
NOTHING = 255
"""Stands for null in the tables of `Decoder`."""


@functools.cache
def regions() -> tuple[str, ...]:
    """Every region libphonenumber knows, in the order of outcomes; "001" is no country's."""
    return (*sorted(phonenumbers.SUPPORTED_REGIONS), "001")


@functools.cache
def dtype() -> pl.Struct:
    """The struct that `e164` gives."""
    return pl.Struct(
        {
            "e164": pl.String,
            "status": pl.Enum(STATUSES),
            "reason": pl.Enum(REASONS),
            "region": pl.Enum(regions()),
            "type": pl.Enum(TYPES),
        }
    )


def valid(region: int, type_: int) -> int:
    """The outcome of a valid number of a region, given by its place."""
    return (region + 1) * KINDS + type_


def invalid(region: int, reason: str) -> int:
    """The outcome of a number that could be read and is not valid."""
    return (region + 1) * KINDS + len(TYPES) + INVALID.index(reason)


def unparsable(reason: str) -> int:
    """The outcome of a string that could not be read as a number."""
    return 1 + UNPARSABLE.index(reason)


Places = npt.NDArray[np.uint8]


def meanings(outcomes: npt.NDArray[np.uint16]) -> list[Places]:
    """Places in STATUSES, REASONS, regions() and TYPES of outcomes; NOTHING where there is none."""
    packed = _packed().take(outcomes)
    return [np.ascontiguousarray(places) for places in packed.view(np.uint8).reshape(-1, 4).T]


class Decoder(NamedTuple):
    """The meaning of each outcome, one array per field; NOTHING stands for null."""

    status: Places
    reason: Places
    region: Places
    type: Places


@functools.cache
def decoder() -> Decoder:
    """Tables from outcome to places in STATUSES, REASONS, regions() and TYPES."""
    region, kind = np.divmod(np.arange(OUTCOMES, dtype=np.uint16), KINDS)
    readable, is_valid = region > 0, kind < len(TYPES)
    why_invalid = _padded([NOTHING] * len(TYPES) + [REASONS.index(r) for r in INVALID])
    why_not = _padded([NOTHING] + [REASONS.index(r) for r in UNPARSABLE])
    status = np.where(is_valid, STATUSES.index("valid_normalised"), STATUSES.index("invalid"))
    unread = np.where(kind == NULL, STATUSES.index("null"), STATUSES.index("unparsable"))
    return Decoder(
        status=np.where(readable, status, unread).astype(np.uint8),
        reason=np.where(readable, why_invalid[kind], why_not[kind]),
        region=np.where(readable, region - 1, NOTHING).astype(np.uint8),
        type=np.where(readable & is_valid, kind, NOTHING).astype(np.uint8),
    )


@functools.cache
def _packed() -> npt.NDArray[np.uint32]:
    """The four tables side by side, to be looked up in at once."""
    return np.stack(decoder(), axis=1).copy().view(np.uint32).ravel()


def _padded(places: list[int]) -> Places:
    return np.array(places + [NOTHING] * (KINDS - len(places)), np.uint8)
