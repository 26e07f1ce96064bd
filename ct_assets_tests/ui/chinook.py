"""Chinook's customers and invoices in a sandbox, and a few records that go wrong."""

import csv
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

_DATA = Path(__file__).parents[2] / "data" / "chinook"
_WRONG: tuple[dict[str, Any], ...] = (
    {"type": "profile", "identity": "1", "profileData": {"Email": "nobody"}},
    {"type": "profile", "identity": "2", "profileData": {"Company": 7, "Bio": "x" * 900}},
    {"type": "event", "identity": "3", "evtName": "Playlist Shared", "evtData": {"Songs": 12}},
    {"type": "event", "identity": "4", "evtName": "Playlist Shared", "evtData": {"Songs": "all"}},
)


def fill(client: httpx.Client) -> None:
    for records in (_customers(), _purchases()[:212], _purchases()[212:], _WRONG):
        client.post("/1/upload", json={"d": records}).raise_for_status()
    client.get("/1/profile.json?identity=1", headers={"X-CleverTap-Passcode": "wrong"})


def _rows(table: str) -> list[dict[str, str]]:
    with (_DATA / f"{table}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _customers() -> list[dict[str, Any]]:
    return [
        {
            "type": "profile",
            "identity": row["CustomerId"],
            "profileData": {
                "Name": f"{row['FirstName']} {row['LastName']}",
                "Email": row["Email"],
                "Phone": "+" + "".join(filter(str.isdigit, row["Phone"])).ljust(10, "0"),
                "Company": row["Company"] or None,
                "Country": row["Country"],
                "MSG-email": True,
            },
        }
        for row in _rows("customer")
    ]


def _purchases() -> list[dict[str, Any]]:
    tracks = {row["TrackId"]: row["Name"] for row in _rows("track")}
    items = defaultdict(list)
    for row in _rows("invoiceline"):
        items[row["InvoiceId"]].append(
            {"Track": tracks[row["TrackId"]], "Price": float(row["UnitPrice"])}
        )
    return [
        {
            "type": "event",
            "identity": row["CustomerId"],
            "evtName": "Charged",
            "ts": int(datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC).timestamp()),
            "evtData": {
                "Amount": float(row["Total"]),
                "Charged ID": int(row["InvoiceId"]),
                "City": row["BillingCity"],
                "Items": items[row["InvoiceId"]],
            },
        }
        for row in _rows("invoice")
    ]
