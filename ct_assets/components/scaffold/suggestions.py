"""Suggests the settings of a sync by the names and types of its source's columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from ct_assets.clevertap.fields import CHARGED
from ct_assets.mapping.convert import problems_of_name

# Spelled without case, spaces and underscores; the first that a column has is taken.
PEOPLE = ("identity", "customerid", "userid", "memberid", "clientid", "profileid", "accountid")
REGIONS = ("countrycode", "countryiso", "country", "region", "nation")
TIMES = ("ts", "timestamp", "eventtime", "eventts", "occurredat", "createdat", "time", "date")
KEYS = ("eventid", "eventkey", "eventuuid", "uuid")
ITEMS = ("items", "lines", "lineitems")
FIELDS: Mapping[str, Sequence[str]] = {
    "Name": ("name", "fullname", "displayname", "customername"),
    "Email": ("email", "emailaddress", "mail"),
    "Phone": ("phone", "phonenumber", "mobile", "mobilenumber", "telephone"),
    "Gender": ("gender", "sex"),
    "DOB": ("dob", "dateofbirth", "birthdate", "birthday"),
    "Age": ("age",),
    "Education": ("education",),
    "Employed": ("employed",),
    "Married": ("married",),
    "Photo": ("photo", "photourl", "avatar", "avatarurl"),
    "Tz": ("tz", "timezone"),
}
FIRST_NAMES, LAST_NAMES = ("firstname", "givenname"), ("lastname", "surname", "familyname")
SALES = ("charged", "purchase", "order", "invoice", "payment", "sale", "transaction")
AMOUNTS = ("amount", "total", "grandtotal", "totalamount", "price")


@dataclass
class Proposal:
    """Values as the declaration takes them; None where no column looks like it."""

    identity: str | None
    fields: dict[str, Any] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    """Columns that could be fields of their own name."""
    event_key: str | None = None
    ts: str | None = None


def profile(schema: Mapping[str, pl.DataType]) -> Proposal:
    columns = _Columns(schema)
    proposal = Proposal(columns.named(*PEOPLE, "id", "uid", "email") or columns.ending("id"))
    for name, spellings in FIELDS.items():
        column = columns.named(*spellings)
        if column is not None:
            proposal.fields[name] = column
    first, last = columns.named(*FIRST_NAMES), columns.named(*LAST_NAMES)
    if first and last and "Name" not in proposal.fields:
        proposal.fields = {"Name": {"template": f"{{{first}}} {{{last}}}"}, **proposal.fields}
    region = columns.named(*REGIONS)
    if region and "Phone" in proposal.fields:
        proposal.fields["Phone"] = {
            "column": proposal.fields["Phone"],
            "region": {"column": region},
        }
    taken = {*_taken(proposal), first, last, region}
    proposal.others = [c for c in columns.sendable("profile") if c not in taken]
    return proposal


def event(schema: Mapping[str, pl.DataType], name: str) -> Proposal:
    """`name`: the event's, since `Charged` has fields of its own."""
    columns = _Columns(schema)
    person = columns.named(*PEOPLE, "email")
    proposal = Proposal(
        person,
        event_key=columns.named(*KEYS, "id") or columns.ending("id", "uuid", but=person),
        ts=columns.moment(),
    )
    if name == CHARGED:
        sale = {
            "Amount": columns.named(*AMOUNTS),
            "Charged ID": proposal.event_key,
            "Items": columns.items(),
        }
        proposal.fields = {field: column for field, column in sale.items() if column is not None}
    taken = {*_taken(proposal), proposal.event_key, proposal.ts}
    proposal.others = [c for c in columns.sendable("event") if c not in taken]
    return proposal


def event_name(name: str) -> str:
    """`page_views` are `Page Views`, and sales are CleverTap's own `Charged`."""
    if any(word in name.lower() for word in SALES):
        return CHARGED
    return " ".join(word.capitalize() for word in re.split(r"[_\W]+", name) if word)


class _Columns:
    def __init__(self, schema: Mapping[str, pl.DataType]) -> None:
        self.schema = schema
        self.spelled = {re.sub(r"[\W_]", "", name).lower(): name for name in schema}

    def named(self, *spellings: str) -> str | None:
        plain = (self.spelled.get(spelling) for spelling in spellings)
        return next((c for c in plain if c is not None and not self.schema[c].is_nested()), None)

    def ending(self, *ends: str, but: str | None = None) -> str | None:
        names = (name for name in self.schema if name != but)
        return next((name for name in names if name.lower().endswith(ends)), None)

    def moment(self) -> str | None:
        typed = next((n for n, t in self.schema.items() if isinstance(t, pl.Datetime)), None)
        return self.named(*TIMES) or typed or self.ending("_at", "date", "time")

    def items(self) -> str | None:
        column = next((self.spelled[s] for s in ITEMS if s in self.spelled), None)
        return column if column and self.schema[column] == pl.List(pl.Struct) else None

    def sendable(self, named: Literal["profile", "event"]) -> list[str]:
        """Columns that can be fields under their own names."""
        flat = [name for name, dtype in self.schema.items() if not dtype.is_nested()]
        return [name for name in flat if problems_of_name(named, name) is None]


def _taken(proposal: Proposal) -> set[str | None]:
    fillings = (v if isinstance(v, dict) else {"column": v} for v in proposal.fields.values())
    return {proposal.identity, *(filling.get("column") for filling in fillings)}
