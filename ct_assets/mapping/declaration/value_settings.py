"""Models settings that change the values of fields: `map`, `redact` and `consent`."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from ct_assets.documented_model import DocumentedModel
from ct_assets.mapping.convert.value_map import Entry
from ct_assets.mapping.declaration.problems import mistake, shown


class Redaction(DocumentedModel):
    """Characters that stay readable; all between them becomes `***`."""

    first: int = 0
    last: int = 0

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        return {} if raw is True else raw

    @model_validator(mode="after")
    def _not_negative(self) -> Self:
        if min(self.first, self.last) < 0:
            raise mistake("keeps characters: write 0 or more.")
        return self


class Consent(DocumentedModel):
    """Whether a person may be written to: a column that says yes or no for some channels."""

    column: str
    channels: tuple[Literal["email", "sms", "whatsapp", "push"], ...]
    """Each gets its flag, such as MSG-email."""
    on_denied: Literal["drop", "clear", "reject", "keep"] = "drop"
    """Of the address (Email; Phone, if neither SMS nor WhatsApp is allowed) of a person who said
    no: leave it out, remove it in CleverTap, too, reject the row, or send it all the same."""
    on_null: Literal["skip", "deny"] = "skip"
    """Of a person who said nothing: send no flag, or take it for a no."""


Consents = Annotated[
    tuple[Consent, ...],
    BeforeValidator(lambda raw: (raw,) if isinstance(raw, Mapping) else raw),
]
"""One mapping stands for a list of one."""


def entries(raw: object) -> dict[str, Entry]:
    """The `map` of a field, its keys as text: 1 and true are read as they are written."""
    if not isinstance(raw, Mapping) or not raw:
        raise mistake(
            f"must be a mapping of the source's values to those to send, such as "
            f"`{{Married: Y, Single: N}}`, not {shown(raw)}."
        )
    if None in raw:
        raise mistake("has an entry for nothing, but a row without a value has none to translate.")
    written = {_text(key): value for key, value in raw.items()}
    for value in written.values():
        if not isinstance(value, Entry):
            raise mistake(f"gives text, numbers, true or false, not {shown(value)}.")
    if len({_sort(value) for value in written.values() if value is not None}) > 1:
        raise mistake("gives values of several types: put all of them into quotes.")
    return written


def of_one_sort(given: Mapping[str, Entry], other: Entry) -> bool:
    return all(_sort(value) == _sort(other) for value in given.values() if value is not None)


def _sort(value: Entry) -> type:
    sorts = (bool, int | float, str)
    return next(sort for sort in sorts if isinstance(value, sort))  # type: ignore[return-value]


def _text(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key).strip()
