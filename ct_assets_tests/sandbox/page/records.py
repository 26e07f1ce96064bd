from typing import Any

ADA: dict[str, Any] = {
    "type": "profile",
    "identity": "a-1",
    "profileData": {
        "Name": "Ada Lovelace",
        "Email": "ada@example.test",
        "Phone": "+351210000000",
        "DOB": "$D_631152000",
        "visits": 7,
    },
}
BOB: dict[str, Any] = {
    "type": "profile",
    "identity": "b-2",
    "profileData": {"Name": "Bob", "Email": "bob@example.test", "Phone": "+5511987654321"},
}


def profile(identity: str, **data: object) -> dict[str, Any]:
    return {"type": "profile", "identity": identity, "profileData": data}


def event(identity: str, name: str, ts: int, **data: object) -> dict[str, Any]:
    return {"type": "event", "identity": identity, "evtName": name, "ts": ts, "evtData": data}


# 2023-11-14 22:13:20 UTC
TS = 1_700_000_000
