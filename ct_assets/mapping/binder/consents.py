"""Consents give the flags of channels, and hold back the addresses of people who said no."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.mapping.binder.bound_field import BoundField
from ct_assets.mapping.convert import Converted
from ct_assets.mapping.declaration.field import Field
from ct_assets.mapping.declaration.value_settings import Consent
from ct_assets.mapping.reasons import Reason

# The channels that write to the address in a field.
ADDRESSES = {"Email": ("email",), "Phone": ("sms", "whatsapp")}
# What becomes of an address on which several consents differ.
_STRICTEST_FIRST = ("reject", "clear", "drop", "keep")


@dataclass(frozen=True)
class BoundConsent:
    declared: Consent
    converted: Converted

    @property
    def answer(self) -> pl.Expr:
        value = self.converted.value
        return value.fill_null(value=False) if self.declared.on_null == "deny" else value

    def flags(self) -> Iterator[BoundField]:
        """One for each channel; the first of them bears what is computed and checked for all."""
        first = replace(self.converted, value=self.answer)
        others = replace(first, failed=pl.lit(value=False), steps=())
        for place, channel in enumerate(self.declared.channels):
            columns = frozenset({self.declared.column})
            declared = Field(column=self.declared.column)
            converted = others if place else first
            yield BoundField(f"MSG-{channel}", declared, columns, converted)


def guarded(field: BoundField, consents: Sequence[BoundConsent]) -> BoundField:
    """The field as people's consents let it go."""
    channels = ADDRESSES.get(field.name, ())
    asked = [c for c in consents if set(c.declared.channels) & set(channels)]
    then = next((f for f in _STRICTEST_FIRST if f in {c.declared.on_denied for c in asked}), "keep")
    if then == "keep":
        return field
    denied = reduce(and_, (c.answer.eq_missing(other=False) for c in asked))
    value, failed = field.converted.value, field.converted.failed
    reason = Reason(
        field.name,
        denied & value.is_not_null(),
        RejectedCode("consent_denied"),
        "the person did not consent to be written to at this address; `on_denied` under `consent:` "
        "says what becomes of such rows",
    )
    if then == "reject":
        return replace(field, rejects=(*field.rejects, reason))
    converted = replace(
        field.converted, value=pl.when(~denied).then(value), failed=failed & ~denied
    )
    cleared = field.cleared
    if cleared is not None:
        cleared = cleared & ~denied
    if then == "clear":
        cleared = denied if cleared is None else cleared | denied
    return replace(field, converted=converted, cleared=cleared, drops=(*field.drops, reason))
