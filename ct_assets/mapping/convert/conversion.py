"""Conversions have one form: what they take and give, and the registry that they are in."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import Literal, NamedTuple, Self

import polars as pl

from ct_assets.clevertap.codes import RejectedCode, WarnedCode
from ct_assets.clevertap.contract import JUNK_IDENTITIES, LIMITS, Limits
from ct_assets.clevertap.fields import FieldType
from ct_assets.errors import UserError
from ct_assets.mapping.reasons import CodeText, first_code, first_text

EpochUnit = Literal["s", "ms", "us", "ns"]

NOT_FINITE = (
    RejectedCode("number_not_finite"),
    "NaN or infinity, which cannot be sent: make it null in the source",
)
OUTSIDE = (
    RejectedCode("date_out_of_range"),
    "outside the years 1000 to 9999: correct it in the source, or make it null there if it stands "
    "for no date",
)


class TypeMismatchError(UserError):
    """A column's type can never become the type of its field, whatever its rows hold."""


@dataclass(frozen=True)
class Target:
    """Field to fill, and how its declaration wants the source read."""

    field: str
    type: FieldType | None = None
    """None: the type that is nearest to the column's."""
    object: Literal["profile", "event", "token", "subscription"] = "profile"
    timezone: str = "UTC"
    """Of dates and times that carry no zone of their own."""
    unit: EpochUnit | None = None
    """Of dates given as numbers. None: seconds or milliseconds, told apart by their size."""
    formats: Sequence[str] = ()
    """Of dates as text; none: ISO 8601, and numbers."""
    region: str | pl.Expr | None = None
    """Country of phone numbers written without a country code."""
    accept: Sequence[str] | None = None
    """Types of phone numbers; None: all that are valid."""
    international: bool = True
    """Whether to send e-mail addresses with letters beyond ASCII (RFC 6531)."""
    separator: str | None = None
    """Between the values of a list that is given as text."""
    doubled_code: Literal["warn", "reject", "plus"] = "warn"
    """Of a phone number whose calling code may be written or not: see `phone.double_readings`."""
    inside: bool = False
    """Of a value inside Items, which has no declaration of its own."""
    limits: Limits = LIMITS
    junk: Collection[str] = JUNK_IDENTITIES
    """Identities that stand for nobody."""
    slot: str = ""
    """Name in the columns that are computed for it. Left out: the field."""


@dataclass(frozen=True)
class Converted:
    """Expressions over the source and the columns that `prepare` adds to it.

    `code` and `message` are meant to be evaluated on rows that failed, and only there.
    """

    value: pl.Expr
    """The wire value; null where there was nothing to send or the conversion failed."""
    failed: pl.Expr
    """Boolean, never null."""
    code: CodeText
    message: pl.Expr
    steps: tuple[tuple[str, pl.Expr], ...] = ()
    """Columns that the others read, each step on top of the one before."""
    doubts: tuple["Doubt", ...] = ()
    plain: bool = False
    """Whether the value is text without a character that JSON escapes."""

    def doubted(self, *doubts: "Doubt") -> Self:
        return replace(self, doubts=doubts)


def prepare(frame: pl.LazyFrame, conversions: Iterable[Converted]) -> pl.LazyFrame:
    """Adds columns that are computed once per row although several expressions read them.

    A column of its own because polars does not share what has a null literal anywhere inside.
    """
    left = [converted.steps for converted in conversions]
    while left := [steps for steps in left if steps]:
        frame = frame.with_columns(expr.alias(name) for (name, expr), *_ in left)
        left = [steps[1:] for steps in left]
    return frame


class Check(NamedTuple):
    """A rule: rows where `failed` is true break it (null counts as kept)."""

    failed: pl.Expr
    code: RejectedCode | CodeText
    message: str | pl.Expr


class Doubt(NamedTuple):
    """A warning: rows where it `holds` are sent all the same (null counts as false)."""

    holds: pl.Expr
    code: WarnedCode
    message: str | pl.Expr


class Steps:
    """Collects the columns that one conversion wants prepared."""

    def __init__(self, field: str) -> None:
        self._prefix = f"__{field}:"
        self.listed: list[tuple[str, pl.Expr]] = []

    def keep(self, name: str, expr: pl.Expr) -> pl.Expr:
        """Has `expr` computed in a step of its own; gives the column to read."""
        self.listed.append((self._prefix + name, expr))
        return self.column(name)

    def column(self, name: str) -> pl.Expr:
        """One that was kept before."""
        return pl.col(self._prefix + name)

    def checked(self, value: pl.Expr, *checks: Check, plain: bool = False) -> Converted:
        """`value` where every check is kept; the reason is that of the first that is not."""
        if not checks:
            never = pl.lit(value=False)
            return Converted(value, never, first_code([]), first_text([]), tuple(self.listed))
        failed = reduce(or_, (check.failed for check in checks)).fill_null(value=False)
        return Converted(
            value=pl.when(~failed).then(value),
            failed=failed,
            code=first_code([(check.failed, check.code) for check in checks]),
            message=first_text([(check.failed, check.message) for check in checks]),
            steps=tuple(self.listed),
            plain=plain,
        )


class Inline(Steps):
    """Steps of a conversion inside a list, where there are no columns to add."""

    def keep(self, name: str, expr: pl.Expr) -> pl.Expr:  # noqa: ARG002
        return expr


Conversion = Callable[[pl.Expr, pl.DataType, Target, Steps], Converted]

CONVERSIONS: dict[FieldType, Conversion] = {}
"""The conversion of each type that users may declare; `converts_to` fills it."""


def converts_to(type_: FieldType) -> Callable[[Conversion], Conversion]:
    """Makes a function the conversion of fields of this type."""

    def registered(conversion: Conversion) -> Conversion:
        CONVERSIONS[type_] = conversion
        return conversion

    return registered


def counted(number: pl.Expr, rest: str) -> pl.Expr:
    """A message that begins with a number of the row."""
    return number.cast(pl.String) + pl.lit(f" {rest}")


def mismatch(target: Target, dtype: pl.DataType, wanted: str) -> TypeMismatchError:
    """`wanted` says what the field takes and what to write instead."""
    return TypeMismatchError(f"{target.field} is given a column of type {dtype}; {wanted}")
