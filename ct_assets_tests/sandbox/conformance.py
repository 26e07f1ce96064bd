"""What CleverTap answers, word for word: a table that any server with its API can be held against.

`seen` answers were captured from CleverTap or stand in its documentation; for the others only the
code is published, and the text is the sandbox's own. Every case is a dry run, so that the table can
be pointed at a real account.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

PHONE = "+35922333232"


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    seen: bool
    body: bytes
    status: int = 200
    answer: Json
    headers: Mapping[str, str | None] | None = None
    """Instead of the right credentials; None leaves a header out."""
    path: str = "/1/upload?dryRun=1"
    method: str = "POST"


def _body(records: Sequence[object]) -> bytes:
    return json.dumps({"d": records}).encode()


def _profile(data: Json, **root: object) -> Json:
    return {"type": "profile", "identity": "conformance", **root, "profileData": data}


def _event(name: object = "Viewed", data: object = None, **root: object) -> Json:
    return {
        "type": "event",
        "identity": "conformance",
        "evtName": name,
        **root,
        "evtData": {} if data is None else data,
    }


def _accepted(name: str, *records: Json, seen: bool = True) -> Case:
    answer = {"status": "success", "processed": len(records), "unprocessed": []}
    return Case(name=name, seen=seen, body=_body(records), answer=answer)


def _refused(
    name: str, record: object, code: int, text: str, *, echo: object = None, seen: bool = False
) -> Case:
    refusal = {
        "status": "fail",
        "code": code,
        "error": f"{text}Skipped record number : 1",
        "record": record if echo is None else echo,
    }
    answer = {"status": "fail", "processed": 0, "unprocessed": [refusal]}
    return Case(name=name, seen=seen, body=_body([record]), answer=answer)


def _failed(name: str, status: int, error: str, *, seen: bool, **changes: Any) -> Case:
    answer = {"status": "fail", "error": error, "code": status}
    body = changes.pop("body", _body([_profile({})]))
    return Case(name=name, seen=seen, status=status, answer=answer, body=body, **changes)


def _data(code: int, what: str) -> tuple[int, str]:
    return code, f"Profile data is incorrect. {what}."


def _name(code: int, what: str) -> tuple[int, str]:
    return code, f"Event Name is incorrect. ErrorCode: {code} - {what}. "


def _coded(title: str, code: int, what: str) -> tuple[int, str]:
    return code, f"{title} is incorrect. ErrorCode: {code} - {what}. "


_NAMELESS = _name(509, "Event name is mandatory")
_RESTRICTED = _name(513, "Trying to raise a restricted system event")
_STRUCTURE = _coded("Event data", 512, "Event structure is invalid")
_GENDER = _data(514, "Gender needs to be M/F")
_EMAIL = _data(515, "Email is not valid")
_PHONE = _data(516, "Phone number is not valid")
_EMPLOYED = _data(517, "Employed needs to be Y/N")
_EDUCATION = _data(518, "Education needs to be School/College/Graduate.")
_MARRIED = _data(519, "Married needs to be Y/N")
_AGE = _data(520, "Age is invalid")
_NOBODY = _coded("Record", 523, "Identity is missing or invalid")
_KIND = _coded("Record", 524, "Record is neither event nor profile")
_TIME = 525, "Timestamp should be present in the Unix Epoch format. "
_OBJECT_ID = _coded("Record", 526, "objectId is invalid")


def _token(**changes: object) -> Json:
    record = {"type": "token", "objectId": "__gone", "tokenData": {"id": "t", "type": "fcm"}}
    return record | changes


_ACCOUNT, _PASSCODE = "X-CleverTap-Account-Id", "X-CleverTap-Passcode"

CREDENTIALS = [
    _failed("no account", 401, "Account ID is not valid", seen=True, headers={_ACCOUNT: None}),
    _failed("wrong account", 401, "Account ID is not valid", seen=True, headers={_ACCOUNT: "X"}),
    _failed("no passcode", 401, "Invalid Credentials", seen=True, headers={_PASSCODE: None}),
    _failed("wrong passcode", 401, "Invalid Credentials", seen=True, headers={_PASSCODE: "X"}),
]

REQUESTS = [
    _failed("not JSON", 400, "Malformed request", seen=True, body=b"not JSON"),
    _failed("no body", 400, "Malformed request", seen=True, body=b""),
    _failed("half of JSON", 400, "Malformed request", seen=True, body=b'{"d":[{"type":"prof'),
    _failed("a comment", 400, "Malformed request", seen=True, body=b'{"d":[]} // all'),
    _failed("no d", 400, "Malformed request", seen=True, body=b'{"records":[]}'),
    _failed("d is no array", 400, "Malformed request", seen=True, body=b'{"d":{}}'),
    _failed("an array", 400, "Malformed request", seen=True, body=b"[]"),
    _failed("not UTF-8", 400, "Malformed request", seen=True, body=b'{"d":["\xff"]}'),
    _failed(
        "1001 records",
        400,
        "Too many records: 1001, the limit is 1000",
        seen=False,
        body=_body([_event()] * 1001),
    ),
    _failed(
        "101 tokens",
        400,
        "Too many tokens: 101, the limit is 100",
        seen=False,
        body=_body([_token()] * 101),
    ),
    _accepted("1000 records", *[_event()] * 1000),
    _accepted("none", seen=False),
    Case(
        name="an unknown key at the root",
        seen=True,
        body=json.dumps({"d": [_event()], "source": "test"}).encode(),
        answer={"status": "success", "processed": 1, "unprocessed": []},
    ),
    _failed("unknown path", 404, "Not found", seen=False, path="/1/nothing"),
    _failed("wrong method", 405, "Method not allowed", seen=False, method="PUT"),
]

_ALL = {
    "Name": "Ada Example",
    "Email": "ada@example.test",
    "Phone": PHONE,
    "Gender": "F",
    "Employed": "N",
    "Education": "College",
    "Married": "Y",
    "Age": "18",
    "MSG-sms": True,
    "DOB": "$D_631152000",
    "visits": 7,
    "score": 1.5,
    "vip": False,
    "interests": ["a", "b"],
    "nothing": None,
}
_CHARGED = {"Amount": 42.5, "Charged ID": "o-9", "Items": [{"sku": "A1", "qty": 2}]}

ACCEPTED = [
    _accepted("profile", _profile(_ALL, ts=1_700_000_000)),
    _accepted("profile and event mixed", _profile({}), _event()),
    _accepted("Charged with Items", _event("Charged", _CHARGED)),
    _accepted("event of a FBID", {"type": "event", "FBID": "f", "evtName": "Web Event"}),
    _accepted("numeric identity", _profile({}, identity=42), seen=False),
    _accepted("identity in profileData too", _profile({"identity": 7})),
    _accepted("bad DOB", _profile({"DOB": "1990-01-01"}), seen=False),
    _accepted("a clearing operator", _profile({"Email": {"$delete": 1}}), seen=False),
    _accepted("null identifiers beside one", _profile({}, FBID=None, GPID=None), seen=False),
    _accepted("100 properties", _event("Wide", {f"p{i}": i for i in range(100)})),
]

PROFILES = [
    _refused("no type", {"identity": "a", "profileData": {}}, *_KIND),
    _refused("wrong type", _profile({}, type="user"), *_KIND),
    _refused("not an object", "profile", *_KIND),
    _refused("no identity", {"type": "profile", "profileData": {}}, *_NOBODY),
    _refused("empty identity", _profile({}, identity=""), *_NOBODY),
    _refused("boolean identity", _profile({}, identity=True), *_NOBODY),
    _refused("long identity", _profile({}, identity="i" * 1025), *_NOBODY),
    _refused("unknown objectId", {"type": "profile", "objectId": "__nobody"}, *_OBJECT_ID),
    _refused("malformed objectId", _profile({}, objectId="a b"), *_OBJECT_ID),
    _refused("ts 0", _profile({"Phone": PHONE, "identity": 7}, ts=0), *_TIME, seen=True),
    _refused("ts as text", _profile({}, ts="1700000000"), *_TIME),
    _refused("ts with a fraction", _profile({}, ts=1.5), *_TIME),
    _refused("ts in milliseconds", _profile({}, ts=1_700_000_000_000), *_TIME),
    _refused("ts before 1970", _profile({}, ts=-1), *_TIME),
    _refused("Gender", _profile({"Gender": "X", "Email": "1234"}), *_GENDER),
    _refused("Email", _profile({"Email": "1234", "Phone": PHONE}), *_EMAIL, seen=True),
    _refused("Email of signs", _profile({"Email": "$$$$$"}), *_EMAIL, seen=True),
    _refused("Email as number", _profile({"Email": 5}), *_EMAIL),
    _refused("short Phone", _profile({"Phone": "223"}), *_PHONE, seen=True),
    _refused("Phone twice", _profile({"Phone": "+44+441234"}), *_PHONE, seen=True),
    _refused("Phone without plus", _profile({"Phone": "35922333232"}), *_PHONE),
    _refused("Phone as number", _profile({"Phone": 35922333232}), *_PHONE),
    _refused("Phone with spaces", _profile({"Phone": "+359 22333232"}), *_PHONE),
    _refused("Phone of other digits", _profile({"Phone": "+٣٥٩٢٢٣٣٣٢٣٢"}), *_PHONE),
    _refused("Email before Phone", _profile({"Phone": "1", "Email": "1"}), *_EMAIL),
    _refused(
        "Employed",
        _profile({"Phone": PHONE, "Employed": "yes", "identity": 7}),
        *_EMPLOYED,
        echo=_profile({"Phone": 35922333232, "Employed": "yes", "identity": 7}),
        seen=True,
    ),
    _refused(
        "Education",
        _profile({"Phone": PHONE, "Education": "PhD", "identity": 7}),
        *_EDUCATION,
        echo=_profile({"Phone": 35922333232, "Education": "PhD", "identity": 7}),
        seen=True,
    ),
    _refused(
        "Married",
        _profile({"Phone": PHONE, "Married": True, "identity": 7}),
        *_MARRIED,
        echo=_profile({"Phone": 35922333232, "Married": True, "identity": 7}),
        seen=True,
    ),
    _refused(
        "Age",
        _profile({"Phone": PHONE, "Age": "aa", "identity": 7}),
        *_AGE,
        echo=_profile({"Phone": 35922333232, "Age": "aa", "identity": "7"}),
        seen=True,
    ),
    _refused("unknown keys come back", _profile({"Age": "aa"}, extra=1), *_AGE),
]

EVENTS = [
    _refused("no name", {"type": "event", "identity": "a"}, *_NAMELESS, seen=True),
    _refused("blank name", _event(" "), *_NAMELESS),
    _refused("name as number", _event(5), *_NAMELESS),
    _refused("no identity", {"type": "event", "evtName": "x"}, *_NOBODY),
    _refused("ts 0", _event(ts=0), *_TIME, seen=True),
    _refused("system event", _event("Web Page Viewed"), *_RESTRICTED, seen=True),
    _refused("system event in other letters", _event("app launched"), *_RESTRICTED),
    _refused("reserved prefix", _event("wzrk_fetch"), *_RESTRICTED),
    _refused("nested object", _event(data={"a": {"b": 1}}), *_STRUCTURE),
    _refused("list", _event(data={"a": [1]}), *_STRUCTURE),
    _refused("Items elsewhere", _event(data={"Items": [{"a": 1}]}), *_STRUCTURE),
    _refused("Items of texts", _event("Charged", {"Items": ["a"]}), *_STRUCTURE),
    _refused("Items nested", _event("Charged", {"Items": [{"a": [1]}]}), *_STRUCTURE),
    _refused("evtData is no object", _event(data=[1]), *_STRUCTURE),
    _refused(
        "101 properties",
        _event(data={f"p{i}": i for i in range(101)}),
        *_coded("Event data", 522, "Event properties limit exceeded"),
    ),
    _refused("objectId", {"type": "event", "objectId": "-x", "evtName": "x"}, *_OBJECT_ID),
]

TOKENS = [
    _refused(
        "token of an unknown device",
        _token(),
        *_coded("Device token", 530, "objectId is invalid"),
    ),
    _refused(
        "token of an identity",
        {"type": "token", "identity": "a", "tokenData": {"id": "t", "type": "fcm"}},
        *_coded("Device token", 530, "objectId is invalid"),
    ),
]

PARTIAL = Case(
    name="one error for each record, by its number",
    seen=True,
    body=_body([_event(), _profile({"Age": "aa", "Email": "1"}), _event(None), _profile({})]),
    answer={
        "status": "partial",
        "processed": 2,
        "unprocessed": [
            {
                "status": "fail",
                "code": 515,
                "error": "Profile data is incorrect. Email is not valid.Skipped record number : 2",
                "record": _profile({"Age": "aa", "Email": "1"}),
            },
            {
                "status": "fail",
                "code": 509,
                "error": "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory."
                " Skipped record number : 3",
                "record": _event(None),
            },
        ],
    },
)

CASES = [*CREDENTIALS, *REQUESTS, *ACCEPTED, *PROFILES, *EVENTS, *TOKENS, PARTIAL]
