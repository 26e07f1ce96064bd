"""Fields, identifiers and timestamps share their settings: what fills them, and how to read it.

Everything may be written short, as the name of a column.
"""

import functools
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import ClassVar, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from pydantic import Field as Setting

from ct_assets.clevertap.contract import CONTACTS, IDENTIFIERS
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.hidden_values import HashName, Normalise
from ct_assets.mapping.convert.value_map import Entry, Translation
from ct_assets.mapping.declaration import date_formats, template, value_settings
from ct_assets.mapping.declaration.problems import mistake, near, shown
from ct_assets.mapping.declaration.row_sql import check_sql, sql_columns
from ct_assets.mapping.declaration.value_settings import Redaction
from ct_assets.mapping.json_texts import json_shape

LIST_OPERATORS, NUMBER_OPERATORS = ("add", "remove"), ("incr", "decr")
FILLINGS = ("column", "template", "value", "expr")
JSON = "json"
SCALARS = (str, bool, int, float, date, datetime)


class Part(BaseModel):
    """Piece of a declaration; nothing in it changes after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


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


class Field(Filling):
    type: FieldType | None = None
    """Type to send it as. Left out: CleverTap's type of its own fields, else the column's."""
    on_invalid: Literal["reject", "drop"] = "reject"
    """Of a value that CleverTap would not take: reject the row, or send it without the field."""
    on_null: Literal["skip", "clear"] = "skip"
    """Of a row without a value: change nothing in CleverTap, or remove what an earlier delivery
    set."""
    op: Literal["set", "add", "remove", "incr", "decr"] = "set"
    """Set the value; add to or remove from a list; count up or down, which is done again whenever
    the record is sent again."""
    nested: Literal["reject", "flatten", "json"] = "reject"
    """Of a struct: refuse it, or send its values as `field_inner`; of a struct or a list: send it
    as one text of JSON."""
    international: bool = True
    """Whether to send e-mail addresses with letters beyond ASCII; see `on_invalid`."""
    separator: str | None = None
    """Between the values of a list that is given as text."""
    json_: object = Setting(default=False, alias="json")
    """Of text that is JSON: true to read it as the lists, structs and values that it has, or their
    shape, such as `[{sku: string, price: float}]`; keys that the shape leaves out are not read.
    `type: json` is short for `json: true`."""
    map: dict[str, Entry] | None = None
    """The value to send for each value of the source: `{Married: Y, Single: N}`. Blanks around text
    do not count, capital letters do."""
    otherwise: Entry = None
    """Of values that `map` does not name: reject the row, drop the field, or this value for all of
    them. Left out: as `on_invalid` says."""
    hash: HashName | None = None
    """Send a hash in place of the value, in lower-case hexadecimal digits. With `type: email` or
    `type: phone` the value is checked and written as CleverTap takes it first."""
    normalise: Normalise = "lower"
    """How a value is hashed: in lower case and without blanks around it, without these blanks, or
    as it is."""
    write: Literal["always", "if_empty", "if_changed"] | None = None
    """Of a profile that is sent: write the field always, only if its value changed since it was
    acknowledged, or only if CleverTap has no value in it, for which the profile is asked for first.
    Left out: as `send` of the sync says."""
    redact: Redaction | None = None
    """Send `***` in place of the value, or of all but its first and last characters."""

    @model_validator(mode="before")
    @classmethod
    def _json_by_type(cls, raw: object) -> object:
        if not isinstance(raw, Mapping) or raw.get("type") != JSON:
            return raw
        return {"json": True, **{name: value for name, value in raw.items() if name != "type"}}

    @field_validator("json_")
    @classmethod
    def _known_shape(cls, raw: object) -> object:
        if not isinstance(raw, bool):
            json_shape.check(raw)
        return raw

    @field_validator("map", mode="before")
    @classmethod
    def _readable_map(cls, raw: object) -> object:
        return None if raw is None else value_settings.entries(raw)

    @field_validator("normalise", mode="before")
    @classmethod
    def _short_normalise(cls, raw: object) -> object:
        return {True: "lower", False: "none"}.get(raw, raw) if isinstance(raw, bool) else raw

    @model_validator(mode="after")
    def _of_one_type(self) -> Self:
        other = self.translation and self.translation.substitute
        if other is not None and not value_settings.of_one_sort(self.map or {}, other):
            raise mistake("has a `map` and an `otherwise` of different types.")
        return self

    @property
    def translation(self) -> Translation | None:
        if self.map is None:
            return None
        fates = ("reject", "drop", None)
        return Translation(self.map, None if self.otherwise in fates else self.otherwise)

    @property
    def on_unmapped(self) -> Literal["reject", "drop"]:
        if self.otherwise == "drop":
            return "drop"
        return "reject" if self.otherwise == "reject" else self.on_invalid


class Moment(Filling):
    """When it happened. A row without one is rejected, or skips it and gets the time of arrival."""

    on_null: Literal["reject", "skip"] = "reject"


class Identifier(Filling):
    kind: Literal["identity", "objectId", "FBID", "GPID", "email", "phone"]
    """The last two are of subscriptions."""
    type: Literal["phone", "email"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        if isinstance(raw, Identifier) or (isinstance(raw, Mapping) and "kind" in raw):
            return raw
        if not isinstance(raw, Mapping) or len(raw) != 1:
            raise mistake(
                "must be one identifier and its column, such as `identity: CustomerId`, "
                f"not {shown(raw)}."
            )
        kind, filling = next(iter(raw.items()))
        if kind not in (*IDENTIFIERS, *CONTACTS):
            raise mistake(unknown_identifier(kind))
        long = {"column": filling} if isinstance(filling, str) else filling
        for setting in ("hash", "normalise", "redact", "map", "write"):
            if isinstance(long, Mapping) and setting in long:
                raise mistake(_AS_IT_IS.format(kind=kind, setting=setting))
        if not isinstance(long, Mapping):
            raise mistake(
                f"`{kind}` must be the name of a column or a mapping, not {shown(filling)}."
            )
        return {**long, "kind": kind}


_AS_IT_IS = (
    "`{kind}` takes no `{setting}`: an identifier has to be the same in all syncs, in the app and "
    "in what was sent before. Where all of them have a hash, make it in the source, and name its "
    "column."
)


def unknown_identifier(kind: object) -> str:
    return (
        f"CleverTap knows no identifier {kind!r}{near(str(kind), IDENTIFIERS)} "
        "It has identity, objectId, FBID and GPID."
    )


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
