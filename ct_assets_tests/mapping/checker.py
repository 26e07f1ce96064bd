"""What CleverTap's pages say of a record, written down without a look at our own code.

Stricter figures where the pages disagree, as the product promises.
"""

import json
import re
from typing import Any

IDENTIFIERS = ("identity", "objectId", "FBID", "GPID")
JUNK = [
    "undefined", "null", "na", "n/a", "0", "nil", "-1", "infinity", "-infinity", "inf", "-inf",
    "nan", "-nan", "xxxxxx",
]  # fmt: skip
FORBIDDEN = set("%><!|&.:;$'\"\\#")
FIXED = {
    "Gender": {"M", "F"},
    "Employed": {"Y", "N"},
    "Married": {"Y", "N"},
    "Education": {"School", "College", "Graduate"},
}
FLAGS = {"MSG-email", "MSG-push", "MSG-sms", "MSG-whatsapp", "MSG-dndPhone", "MSG-dndEmail"}


def check(text: str) -> None:
    """Raises AssertionError unless CleverTap would surely take the record."""
    record = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_repeats)
    kind = record["type"]
    assert kind in ("profile", "event")
    used = [name for name in IDENTIFIERS if name in record]
    assert used
    for name in used:
        _identifier(record[name])
    if "ts" in record:
        assert type(record["ts"]) is int
        assert 0 < record["ts"] < 10**11
    if kind == "profile":
        assert set(record) <= {"type", "ts", "profileData", *IDENTIFIERS}
        _profile(record["profileData"])
    else:
        assert set(record) <= {"type", "ts", "evtName", "evtData", *IDENTIFIERS}
        _event(record["evtName"], record["evtData"])


def _identifier(value: Any) -> None:
    assert isinstance(value, str)
    assert value.strip(" \t\r\n")
    assert value.strip().lower() not in JUNK
    assert len(value) <= 1024


def _profile(data: dict[str, Any]) -> None:
    custom = [
        name for name in data if name not in {*FIXED, *FLAGS, "Email", "Phone", "Name", "DOB"}
    ]
    assert len(custom) <= 256
    for name, value in data.items():
        _name(name)
        if name in FIXED:
            assert value in FIXED[name]
        elif name in FLAGS:
            assert type(value) is bool
        elif name == "Email":
            assert re.fullmatch(r"[^@\s]+@[^@\s]+", value)
        elif name == "Phone":
            assert re.fullmatch(r"\+[0-9]{8,15}", value)
        elif name == "DOB":
            assert re.fullmatch(r"\$D_-?[0-9]+", value)
        elif name in IDENTIFIERS:
            _identifier(value)
        elif name == "Age":
            assert type(value) in (int, float)
        else:
            _profile_value(value)


def _profile_value(value: Any) -> None:
    if isinstance(value, dict):
        ((operator, value),) = value.items()
        assert operator in ("$add", "$remove", "$set", "$incr", "$decr")
    if isinstance(value, list):
        assert len(value) <= 100
        assert len(set(value)) == len(value)
        for entry in value:
            assert isinstance(entry, str)
            assert len(entry) <= 512
    else:
        _scalar(value)


def _event(name: str, data: dict[str, Any]) -> None:
    assert name.strip()
    assert not FORBIDDEN & set(name)
    assert not name.startswith("wzrk_")
    assert name.replace(" ", "").lower() not in ("notificationsent", "applaunched", "stayed")
    assert len(data) <= 100
    for key, value in data.items():
        _name(key)
        if name == "Charged" and key == "Items":
            assert len(value) <= 256
            for item in value:
                assert isinstance(item, dict)
                for entry in item.values():
                    _scalar(entry)
        else:
            _scalar(value)


def _name(name: str) -> None:
    assert name
    assert len(name.encode()) <= 120
    assert not FORBIDDEN & set(name)


def _scalar(value: Any) -> None:
    assert isinstance(value, str | int | float), "null, or a nested value"
    if isinstance(value, str):
        assert len(value.encode()) <= 512
        assert "\ud800" not in value


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), "a key stands twice"
    return dict(pairs)
