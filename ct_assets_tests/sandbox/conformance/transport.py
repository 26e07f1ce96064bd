"""Requests as a whole: credentials, bodies, limits, addresses."""

import json

from ct_assets_tests.sandbox.conformance.case import (
    Case,
    accepted,
    event,
    failed,
    failure,
    taken,
    token,
    uploaded,
)

_ACCOUNT, _PASSCODE = "X-CleverTap-Account-Id", "X-CleverTap-Passcode"

CREDENTIALS = [
    failed("no account", 401, "Account ID is not valid", seen=True, headers={_ACCOUNT: None}),
    failed("wrong account", 401, "Account ID is not valid", seen=True, headers={_ACCOUNT: "X"}),
    failed("no passcode", 401, "Invalid Credentials", seen=True, headers={_PASSCODE: None}),
    failed("wrong passcode", 401, "Invalid Credentials", seen=True, headers={_PASSCODE: "X"}),
]

REQUESTS = [
    failed("not JSON", 400, "Malformed request", seen=True, body=b"not JSON"),
    failed("no body", 400, "Malformed request", seen=True, body=b""),
    failed("half of JSON", 400, "Malformed request", seen=True, body=b'{"d":[{"type":"prof'),
    failed("a comment", 400, "Malformed request", seen=True, body=b'{"d":[]} // all'),
    failed("no d", 400, "Malformed request", seen=True, body=b'{"records":[]}'),
    failed("d is no array", 400, "Malformed request", seen=True, body=b'{"d":{}}'),
    failed("an array", 400, "Malformed request", seen=True, body=b"[]"),
    failed("not UTF-8", 400, "Malformed request", seen=True, body=b'{"d":["\xff"]}'),
    failed(
        "1001 records",
        400,
        "Too many records: 1001, the limit is 1000",
        seen=False,
        body=uploaded(*[event()] * 1001),
    ),
    failed(
        "101 tokens",
        400,
        "Too many tokens: 101, the limit is 100",
        seen=False,
        body=uploaded(*[token("__gone", id="t", type="fcm")] * 101),
    ),
    accepted("1000 records", *[event()] * 1000),
    accepted("none", seen=False),
    Case(
        name="an unknown key at the root",
        seen=True,
        body=json.dumps({"d": [event()], "source": "test"}).encode(),
        answer=taken(1),
    ),
    Case(
        name="dryRun=0 beside nothing",
        seen=True,
        path="/1/upload?dryRun=0",
        body=uploaded(),
        answer=taken(0),
    ),
    failed("unknown path", 404, "Not found", seen=False, path="/1/nothing"),
    failed("wrong method", 405, "Method not allowed", seen=False, method="PUT"),
]

# What CleverTap has and the sandbox does not play.
UNPLAYED = [
    Case(
        name=f"{path} is not played",
        seen=False,
        path=path,
        status=501,
        answer=failure(501, f"CleverTap has {path}, and this sandbox does not play it"),
    )
    for path in (
        "/1/counts/trends.json",
        "/1/counts/top.json",
        "/1/now.json",
        "/category-groups",
        "/api/createSegment",
        "/api/updateSegment",
        "/get_catalog_url",
        "/upload_catalog_completed",
        "/v2/catalogs",
        "/v2/catalogs/signedurl",
        "/1/targets/list.json",
        "/1/message/report.json",
        "/1/send/externaltrigger.json",
    )
]

# Calls that ask for too little, and store nothing for it.
_TWO = "Exactly one of identity, email and objectId is required"
_DAYS = {"event_name": "x", "from": 20231115, "to": 20231115}


def _asked(name: str, path: str, body: object, error: str, method: str = "POST") -> Case:
    return failed(
        name,
        400,
        error,
        seen=False,
        path=path,
        method=method,
        body=b"" if body is None else json.dumps(body).encode(),
    )


QUESTIONS = [
    _asked("a profile by nothing", "/1/profile.json", None, _TWO, "GET"),
    _asked("a profile by two keys", "/1/profile.json?identity=a&email=b", None, _TWO, "GET"),
    _asked("an export of nothing", "/1/profiles.json", {}, "event_name is required"),
    _asked(
        "an export of no days",
        "/1/events.json",
        {"event_name": "x"},
        "from needs to be a date as YYYYMMDD",
    ),
    _asked(
        "an export in pages too large",
        "/1/events.json?batch_size=5001",
        _DAYS,
        "batch_size needs to be 1 to 5000",
    ),
    failed(
        "an export of notifications",
        400,
        "Export not allowed for this event",
        seen=True,
        path="/1/events.json",
        body=json.dumps(_DAYS | {"event_name": "Notification Sent"}).encode(),
    ),
    *(
        Case(
            name=f"{name} of {kind}",
            seen=True,
            method="GET",
            path=f"/1/{kind}.json?cursor={cursor}",
            answer={"status": "fail", "error": "Incorrect Usage", "code": 3},
        )
        for kind in ("profiles", "events")
        for name, cursor in (("no cursor", ""), ("a cursor encoded twice", "e30%253D%253D"))
    ),
    _asked("a count of nothing", "/1/counts/profiles.json", {}, "event_name is required"),
    _asked(
        "a count that nobody began",
        "/1/counts/events.json?req_id=x",
        None,
        "req_id is not known",
        "GET",
    ),
    _asked(
        "names of no kind",
        "/getSchema",
        None,
        "type needs to be one of events, userProperties",
        "GET",
    ),
    _asked(
        "a deletion by both ids",
        "/1/delete/profiles.json",
        {"identity": "a", "guid": "b"},
        "Exactly one of identity or guid is required",
    ),
    _asked(
        "101 deletions",
        "/1/delete/profiles.json",
        {"identity": ["a"] * 101},
        "identity takes 1 to 100 strings",
    ),
    _asked(
        "101 demerges",
        "/1/demerge/profiles.json",
        {"identities": ["a"] * 101},
        "identities takes 1 to 100 strings",
    ),
    *(
        _asked(
            f"1001 records for {path}",
            path,
            {"d": [1] * 1001},
            "Too many records: 1001, the limit is 1000",
        )
        for path in ("/1/subscribe", "/1/disassociate")
    ),
    *(
        _asked(f"{path} of no object", path, [], "Malformed request")
        for path in (
            *("/1/delete/profiles.json", "/1/demerge/profiles.json", "/1/subscribe"),
            *("/1/disassociate", "/1/profiles.json", "/1/counts/events.json"),
            "/upload_custom_list_segment_completed",
        )
    ),
    _asked(
        "a list without a name",
        "/upload_custom_list_segment_completed",
        {"email": "a@example.test"},
        "name is required",
    ),
]

CASES = [*CREDENTIALS, *REQUESTS, *QUESTIONS, *UNPLAYED]
