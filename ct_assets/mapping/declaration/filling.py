"""Fillings say what fills a field, an identifier or a timestamp, and how its source is read.

Everything may be written short, as the name of a column.
"""

import functools
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import ClassVar, Literal, Self
from zoneinfo import available_timezones

from pydantic import field_validator, model_validator

from ct_assets.documented_model import DocumentedModel
from ct_assets.mapping.declaration import date_formats, template
from ct_assets.mapping.declaration.problems import mistake, near, shown
from ct_assets.mapping.declaration.row_sql import check_sql, sql_columns

FILLINGS = ("column", "template", "value", "expr")
SCALARS = (str, bool, int, float, date, datetime)


class Part(DocumentedModel):
    """Piece of a declaration; nothing in it changes after it was read."""


class Region(Part):
    """The country of phone numbers that are written without a country code."""

    value: str | None = None
    column: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        return {"value": raw} if isinstance(raw, str) else raw

    @model_validator(mode="after")
    def _known(self) -> Self:
        if (self.value is None) == (self.column is None):
            raise mistake("write a country, such as `region: IT`, or `region: {column: Country}`.")
        if self.value is not None and not _is_country(self.value):
            raise mistake(
                f"{self.value!r} is no country. Write its ISO code or English name (IT, Italy), or "
                "`{column: ...}` for a column that has one."
            )
        return self


class Filling(Part):
    short_for: ClassVar[str] = "column"
    """Setting that the short form, a mere text, stands for."""

    column: str | None = None
    """A column of the source."""
    template: str | None = None
    """Text of several columns: `{FirstName|there} {LastName}`; after | stands what an empty column
    is replaced by, and without it a column that is null leaves the whole text out."""
    value: object = None
    """One value for all rows."""
    expr: str | None = None
    """A polars SQL expression over the columns of the row."""
    timezone: str = "UTC"
    """Of dates and times that carry no zone of their own."""
    unit: Literal["s", "ms", "us", "ns"] | None = None
    """Of dates given as numbers since 1970. Left out: seconds or milliseconds, by their size."""
    format: str | tuple[str, ...] = ()
    """Of dates as text that are not ISO 8601, such as `%d/%m/%Y`, or several of which the first
    that fits is read; a value that fits none is rejected."""
    region: Region | None = None
    """Country of phone numbers written without a country code."""
    accept: tuple[str, ...] | None = None
    """Types of phone numbers to take, such as mobile. Left out: all that are valid."""
    doubled_code: Literal["warn", "reject", "plus"] = "warn"
    """Of a phone number without a plus that begins with the calling code of its `region` and is
    valid with another one before it, too: send it so and warn, reject it, or put a plus before."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        if isinstance(raw, str):
            return {cls.short_for: raw}
        if isinstance(raw, Mapping) and list(raw.values()) == [None] and not raw.keys() & FILLINGS:
            name = next(iter(raw))
            raise mistake(
                f"is in braces. Write {name} for a column, or {{template: '{{{name}}}'}}."
            )
        if isinstance(raw, Mapping | Filling):
            return raw
        raise mistake(
            f"must be the name of a column or a mapping with {', '.join(FILLINGS[:-1])} or expr, "
            f"not {shown(raw)}."
        )

    @model_validator(mode="after")
    def _one_filling(self) -> Self:
        given = [name for name in FILLINGS if getattr(self, name) is not None]
        if len(given) > 1:
            raise mistake(f"is filled by {' and '.join(given)}. Keep one of them.")
        if not given:
            raise mistake(f"is filled by nothing. Write one of {', '.join(FILLINGS)}.")
        return self

    @field_validator("template")
    @classmethod
    def _readable_template(cls, text: str | None) -> str | None:
        try:
            if text is not None:
                template.parts(text)
        except template.TemplateError as error:
            raise mistake(str(error)) from None
        return text

    @field_validator("value")
    @classmethod
    def _constant(cls, value: object) -> object:
        simple = isinstance(value, SCALARS) or value is None
        if simple:
            return value
        if isinstance(value, list) and all(isinstance(v, SCALARS) for v in value):
            if len({_sort_of(v) for v in value}) > 1:
                raise mistake("mixes values of several types: put all of them into quotes.")
            return value
        raise mistake("must be text, a number, true, false, a date or a list of them.")

    @field_validator("expr")
    @classmethod
    def _row_by_row(cls, text: str | None) -> str | None:
        if text is not None:
            check_sql(text)
        return text

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        return known_timezone(name)

    @field_validator("format")
    @classmethod
    def _readable_formats(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not given:
            raise mistake("is empty. Write a form such as '%d/%m/%Y', or leave it out.")
        for form in (given,) if isinstance(given, str) else given:
            if wrong := date_formats.problem(form):
                raise mistake(wrong)
        return given

    @field_validator("accept")
    @classmethod
    def _known_phone_types(cls, names: Sequence[str] | None) -> Sequence[str] | None:
        from ct_assets.phone.result import TYPES

        for name in names or ():
            if name not in TYPES:
                raise mistake(
                    f"{name!r} is no type of phone number{near(name, TYPES)} "
                    f"Known: {', '.join(TYPES)}."
                )
        return names

    @property
    def formats(self) -> tuple[str, ...]:
        return (self.format,) if isinstance(self.format, str) else self.format

    def columns(self, *, regions: bool = True) -> set[str]:
        """Columns of the source that it is made of; `regions`: that of its country, too."""
        names = {self.column} if self.column else set()
        if self.template:
            names |= template.columns(self.template)
        if self.expr:
            names |= sql_columns(self.expr)
        if regions and self.region and self.region.column:
            names.add(self.region.column)
        return {name for name in names if name}


def _sort_of(value: object) -> int:
    """Of values that can stand in one list; one for whole and other numbers."""
    sorts = (bool, int | float, datetime, date, str)
    return next(place for place, sort in enumerate(sorts) if isinstance(value, sort))


def _is_country(name: str) -> bool:
    from ct_assets.phone import country_code

    return country_code(name) is not None


def known_timezone(name: str) -> str:
    if name in _timezones():
        return name
    end = near(name, sorted(_timezones()))
    raise mistake(f"{name!r} is no time zone{end} Write one such as UTC or Europe/Rome.")


@functools.cache
def _timezones() -> set[str]:
    return available_timezones()
