"""What CleverTap's pages say of a record, written down without a look at our own code.

Stricter figures where the pages disagree, as the product promises.
"""

import json
import math
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
FLAGS = {
    "MSG-email", "MSG-push", "MSG-sms", "MSG-whatsapp", "MSG-dndPhone", "MSG-dndEmail",
    "MSG-dndSMS", "MSG-dndWhatsApp", "ct_is_test_user",
}  # fmt: skip
GROUPS = {"category-unsubscribe", "category-resubscribe"}
SYSTEM = {
    *FIXED,
    *FLAGS,
    *GROUPS,
    "Name",
    "Email",
    "Phone",
    "Age",
    "DOB",
    "Photo",
    "Tz",
    "Timezone",
}
RESERVED = [
    "Notification Sent", "Notification Viewed", "Notification Clicked", "Notification Delivered",
    "Notification Replied", "UTM Visited", "App Launched", "App Uninstalled",
    "App Version Changed", "Stayed", "Reply Sent", "Experiment Rendered", "Reachable By",
    "Identity Reset", "Identity Set", "Identity Error", "Geocluster Entered", "Geocluster Exited",
    "SCCampaignOptOut", "Notification Bounced", "App Installed", "App Upgraded",
    "Web Session Started", "Push Impressions", "Push Unregistered", "Channel Subscribed",
    "Channel Unsubscribed", "Session Concluded", "State Transitioned", "Partner Sync",
    "Notification Failed", "Web Page Viewed",
]  # fmt: skip


def check(text: str) -> None:
    """Raises AssertionError unless CleverTap would surely take the record."""
    record = json.loads(
        text,
        parse_constant=_no_constant,
        parse_float=_finite,
        parse_int=_of_64_bits,
        object_pairs_hook=_no_repeats,
    )
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
    assert value == value.strip() != ""
    assert value.lower() not in JUNK
    assert len(value.encode()) <= 1024


def _profile(data: dict[str, Any]) -> None:
    assert len(set(data) - SYSTEM - set(IDENTIFIERS)) <= 256
    for name, value in data.items():
        _name(name)
        if name in FIXED:
            assert value in FIXED[name]
        elif name in FLAGS:
            assert type(value) is bool
        elif name == "Email":
            assert re.fullmatch(r"[^@\s]{1,64}@(?:[^@\s.]{1,63}\.)+[^@\s.]{2,63}", value)
            assert len(value.encode()) <= 254
        elif name == "Phone":
            assert re.fullmatch(r"\+[0-9]{8,15}", value)
        elif name == "DOB":
            assert re.fullmatch(r"\$D_-?[0-9]{1,12}", value)
        elif name in IDENTIFIERS:
            _identifier(value)
        elif name == "Age":
            assert type(value) is int
            assert 0 <= value <= 130
        elif name in GROUPS:
            assert set(value) <= {"email", "sms", "whatsapp", "push"}
            for groups in value.values():
                _list(groups)
        elif name in SYSTEM:
            _scalar(value)
        else:
            _profile_value(value)


def _profile_value(value: Any) -> None:
    if isinstance(value, dict):
        ((operator, value),) = value.items()
        assert operator in ("$add", "$remove", "$set", "$incr", "$decr")
        assert isinstance(value, list) == (operator in ("$add", "$remove", "$set"))
        assert isinstance(value, list) or type(value) in (int, float)
    if isinstance(value, list):
        _list(value)
    else:
        _scalar(value)


def _list(values: Any) -> None:
    assert isinstance(values, list)
    assert 0 < len(values) <= 100
    assert len(set(values)) == len(values)
    for entry in values:
        assert isinstance(entry, str)
        assert entry
        _scalar(entry)


def _event(name: str, data: dict[str, Any]) -> None:
    assert name.strip()
    assert not FORBIDDEN & set(name)
    folded = _folded(name)
    assert not folded.startswith("wzrk_")
    assert folded not in [_folded(reserved) for reserved in RESERVED]
    assert name == "Charged" or folded != "charged"
    assert len(data) <= 100
    for key, value in data.items():
        _name(key)
        if name == "Charged" and key == "Items":
            assert 0 < len(value) <= 256
            for item in value:
                assert isinstance(item, dict)
                assert item
                for part, entry in item.items():
                    _name(part)
                    _scalar(entry)
        elif name == "Charged" and key == "Amount":
            assert type(value) in (int, float)
        else:
            _scalar(value)


def _folded(name: str) -> str:
    return "".join(name.lower().split())


def _name(name: str) -> None:
    assert name == name.strip() != ""
    assert not name.lower().startswith("wzrk_")
    assert len(name.encode()) <= 120
    assert not FORBIDDEN & set(name)


def _scalar(value: Any) -> None:
    assert isinstance(value, str | int | float), "null, or a nested value"
    if isinstance(value, str):
        assert len(value.encode()) <= 512
        assert not value.startswith("$D_") or re.fullmatch(r"\$D_-?[0-9]{1,12}", value)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    assert math.isfinite(float(digits))
    return float(digits)


def _of_64_bits(digits: str) -> int:
    assert -(2**63) <= int(digits) < 2**63
    return int(digits)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), "a key stands twice"
    return dict(pairs)
