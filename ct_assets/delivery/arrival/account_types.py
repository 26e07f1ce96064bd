"""AccountTypes compares the types in which an account keeps properties with those to be sent.

What `/getSchema` answers is not published: where it has no types, or does not answer, nothing is
said of them.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination
from ct_assets.clevertap.fields import PROFILE_FIELDS
from ct_assets.delivery.arrival.losses import sort_of
from ct_assets.delivery.sender.limits.account_slots import other_slots
from ct_assets.delivery.sender.profile_looks import properties_of

SAMPLE = 1000
"""Records that are looked at."""
SECONDS = 5.0
"""How long the answer may take: nobody waits for it."""
ALIASES = {
    "text": "string",
    "integer": "number",
    "int": "number",
    "long": "number",
    "float": "number",
    "double": "number",
    "bool": "boolean",
    "datetime": "date",
    "array": "list",
}
_KNOWN = frozenset({"string", "number", "boolean", "date", "list"})


@dataclass(frozen=True)
class TypeConflict:
    field: str
    account: str
    """The type as the account names it."""
    sent: str

    def __str__(self) -> str:
        return (
            f"{self.field} would be sent as a {self.sent}, and the account keeps it as "
            f"{self.account}: CleverTap may drop such values without a word. Declare a `type` that "
            "fits, or send it under a new name"
        )


def type_conflicts(destination: Destination, valid: Path) -> tuple[TypeConflict, ...] | None:
    """Of the rows of a profile sync; None if the account does not tell."""
    with (
        Client(destination, seconds=SECONDS) as client,
        other_slots(destination).slot(threading.Event()),
    ):
        known = properties_of(client.schema("userProperties"))
    if known is None:
        return None
    records = pl.scan_parquet(valid, glob=False).select("_record").head(SAMPLE).collect()
    sent = _sent(orjson.loads(record) for record in records.to_series())
    return tuple(_conflicts(known, sent))


def _sent(records: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Types by field; a field of several has the first."""
    types: dict[str, str] = {}
    for record in records:
        for name, value in (record.get("profileData") or {}).items():
            types.setdefault(name, _type(value))
    return types


def _type(value: object) -> str:
    """Of the value that the property is to have."""
    if isinstance(value, dict):
        operator, operand = next(iter(value.items()), ("", None))
        return "list" if operator in ("$add", "$remove") else sort_of(operand)
    return sort_of(value)


def _conflicts(known: Mapping[str, str | None], sent: Mapping[str, str]) -> Iterator[TypeConflict]:
    for name, type_ in sent.items():
        account = known.get(name)
        kept = ALIASES.get(str(account).lower(), str(account).lower())
        own = name in PROFILE_FIELDS  # CleverTap reads those whatever they are kept as
        if account and kept in _KNOWN and kept != type_ and not own:
            yield TypeConflict(name, account, type_)
