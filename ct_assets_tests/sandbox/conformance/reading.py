"""Uploads records, and lists the answers of every reading endpoint about them."""

from ct_assets_tests.sandbox.conformance.case import (
    NOON,
    PHONE,
    SUCCESS,
    A,
    B,
    Step,
    Story,
    bare,
    event,
    profile,
    read,
    refusal,
    token,
    upload,
)
from ct_assets_tests.sandbox.conformance.codes import (
    DISCARDED,
    TOKEN_DATA,
    TOKEN_ID,
    TOKEN_INVALID,
    TOKEN_OBJECT_ID,
    TOKEN_PLATFORM,
    TOKEN_TYPE,
)

DAY = {"event_name": "Seen <run>", "from": 20231115, "to": 20231115}
DISCARDED_EVENT = "Conformance Discarded"
"""Someone has to have discarded it in the account's dashboard."""

_BAD_TOKENS = (
    (token("<run>-none", id="t", type="fcm"), TOKEN_OBJECT_ID),
    ({"type": "token", "objectId": "<objectId>"}, TOKEN_DATA),
    (token("<objectId>", type="chrome"), TOKEN_ID),
    (token("<objectId>", id="t"), TOKEN_TYPE),
    (token("<objectId>", id="t", type="fcm"), TOKEN_PLATFORM),
    (token("<objectId>", id="t", type="pigeon"), TOKEN_INVALID),
)
_KEYS = {"p256dh": "k", "auth": "a"}

UPLOADS = [
    Story(
        name="an upload makes a profile and its events",
        steps=[
            upload(
                profile({"Name": "Ada Example", "Phone": PHONE, "tier": "gold"}, A),
                event("Seen <run>", {}, A, ts=NOON),
                event("seen<run>", {}, A, ts=NOON + 60),
            ),
            read(
                f"identity={A}",
                {
                    "identity": A,
                    "name": "Ada Example",
                    "phone": 35922333232,
                    "profileData": {"tier": "gold"},
                    "events": {
                        "Seen <run>": {"count": 2, "first_seen": NOON, "last_seen": NOON + 60}
                    },
                },
            ),
        ],
    ),
    Story(
        name="device tokens",
        steps=[
            upload(profile({}, A)),
            read(f"identity={A}", bare(A)),
            upload(token("<objectId>", id="t1", type="chrome", keys=_KEYS)),
            Step(
                method="GET",
                path="/1/profile.json?objectId=<objectId>",
                answer=SUCCESS
                | {
                    "record": bare(A)
                    | {
                        "platformInfo": [
                            {"platform": "Web", "push_token": "t1", "objectId": "<objectId>"}
                        ]
                    }
                },
            ),
            upload(
                *(record for record, _ in _BAD_TOKENS),
                answer={
                    "status": "fail",
                    "processed": 0,
                    "unprocessed": [
                        refusal(record, *code, number)
                        for number, (record, code) in enumerate(_BAD_TOKENS, start=1)
                    ],
                },
            ),
        ],
    ),
    Story(
        name="a discarded event",
        steps=[
            upload(
                event(DISCARDED_EVENT),
                answer={
                    "status": "fail",
                    "processed": 0,
                    "unprocessed": [refusal(event(DISCARDED_EVENT), *DISCARDED)],
                },
            )
        ],
    ),
]

READING = [
    Story(
        name="a profile is found by identity, e-mail and objectId",
        steps=[
            upload(profile({"Email": "<run>@example.test"}, A)),
            *(
                read(who, {"identity": A, "email": "<run>@example.test"} | bare(A))
                for who in (f"identity={A}", "email=<run>@example.test", "objectId=<objectId>")
            ),
            Step(
                method="GET",
                path="/1/profile.json?identity=<run>-nobody",
                answer=SUCCESS | {"record": None},
            ),
        ],
    ),
    Story(
        name="counts",
        steps=[
            upload(*(event("Seen <run>", {}, who, ts=NOON) for who in (A, A, B))),
            Step(path="/1/counts/events.json", body=DAY, answer=SUCCESS | {"count": 3}),
            Step(path="/1/counts/profiles.json", body=DAY, answer=SUCCESS | {"count": 2}),
        ],
    ),
    Story(
        name="an export of events in pages",
        steps=[
            upload(*(event("Seen <run>", {"n": n}, A, ts=NOON + n) for n in range(3))),
            read(
                f"identity={A}",
                bare(A)
                | {
                    "events": {
                        "Seen <run>": {"count": 3, "first_seen": NOON, "last_seen": NOON + 2}
                    }
                },
                {"id": ("record", "platformInfo", 0, "objectId")},
            ),
            Step(
                path="/1/events.json?batch_size=2&events=true",
                body=DAY,
                answer=SUCCESS | {"cursor": "<cursor>"},
                keep={"cursor": ("cursor",)},
            ),
            *(
                Step(
                    method="GET",
                    path=f"/1/events.json?cursor=<{cursor}>",
                    answer=SUCCESS
                    | ({way: f"<{other}>"})
                    | {
                        "records": [
                            {
                                "profile": {
                                    "platform": "Web",
                                    "objectId": "<id>",
                                    "identity": A,
                                    "profileData": {},
                                    "id": "<number>",
                                },
                                "ts": 20231115120000 + n,
                                "event_props": {"n": n},
                                "session_props": {},
                            }
                            for n in found
                        ]
                    },
                    keep={other: (way,), "number": ("records", 0, "profile", "id")},
                )
                for cursor, way, other, found in (
                    ("cursor", "next_cursor", "next", (0, 1)),
                    ("next", "previous_cursor", "before", (2,)),
                    ("before", "next_cursor", "again", (0, 1)),
                )
            ),
        ],
    ),
    Story(
        name="an export of profiles",
        steps=[
            upload(profile({"tier": "gold"}, A), event("Seen <run>", {}, A, ts=NOON)),
            Step(
                path="/1/profiles.json?batch_size=5000&app=false",
                body=DAY,
                answer=SUCCESS | {"cursor": "<cursor>"},
                keep={"cursor": ("cursor",)},
            ),
            Step(
                method="GET",
                path="/1/profiles.json?cursor=<cursor>",
                answer=SUCCESS | {"records": [{"identity": A, "profileData": {"tier": "gold"}}]},
            ),
        ],
    ),
]

STORIES = [*UPLOADS, *READING]
