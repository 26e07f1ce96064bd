"""Fields, moments and identifiers are fillings with settings of their own."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field as Setting
from pydantic import field_validator, model_validator

from ct_assets.clevertap.contract import CONTACTS, IDENTIFIERS
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert.hidden_values import HashName, Normalise
from ct_assets.mapping.convert.value_map import Entry, Translation
from ct_assets.mapping.declaration import value_settings
from ct_assets.mapping.declaration.filling import Filling
from ct_assets.mapping.declaration.problems import mistake, near, shown
from ct_assets.mapping.declaration.value_settings import Redaction
from ct_assets.mapping.json_texts import json_shape

LIST_OPERATORS, NUMBER_OPERATORS = ("add", "remove"), ("incr", "decr")
JSON = "json"


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
