"""Endpoints that change people and lists: deletions, demerges, subscriptions, segments."""

from ct_assets_tests.sandbox.conformance.case import (
    PHONE,
    SUCCESS,
    A,
    B,
    Step,
    Story,
    bare,
    profile,
    read,
    refusal,
    taken,
    upload,
)
from ct_assets_tests.sandbox.conformance.codes import BAD_PHONE, CHANNEL, EMAIL, STATUS

NOBODY = Step(
    method="GET", path=f"/1/profile.json?identity={A}", answer={"status": "success", "record": None}
)


def _delete(**whom: object) -> Step:
    return Step(path="/1/delete/profiles.json", body=whom, answer=SUCCESS)


def _demerge(identities: object) -> Step:
    return Step(path="/1/demerge/profiles.json", body={"identities": identities}, answer=SUCCESS)


ERASURE = [
    Story(
        name="profiles are deleted by identity",
        steps=[
            upload(profile({}, A), profile({}, B)),
            _delete(identity=[A, "<run>-nobody"]),
            NOBODY,
            _delete(identity=B),
            upload(profile({"new": True}, A)),
            read(f"identity={A}", bare(A, {"new": True})),
        ],
    ),
    Story(
        name="profiles are deleted by CleverTap's own id",
        steps=[
            upload(profile({}, A)),
            read(f"identity={A}", bare(A)),
            _delete(guid="<objectId>"),
            NOBODY,
            _delete(guid=["<objectId>"]),
        ],
    ),
    Story(
        name="demerging leaves devices without identities",
        steps=[
            upload(profile({"x": 1}, A)),
            read(f"identity={A}", bare(A, {"x": 1})),
            _demerge([A]),
            NOBODY,
            read("objectId=<objectId>", {"profileData": {"x": 1}, "events": {}}),
            _demerge(A),
        ],
    ),
]


def _contact(path: str, *records: object, wrong: tuple[tuple[int, str], ...] = ()) -> Step:
    """A call whose records are all taken, or all refused for what is `wrong` with them."""
    refusals = [
        refusal(record, *code, number)
        for number, (record, code) in enumerate(zip(records, wrong, strict=False), start=1)
    ]
    answer = {"status": "fail", "processed": 0, "unprocessed": refusals}
    return Step(
        path=path, body={"d": list(records)}, answer=answer if wrong else taken(len(records))
    )


_MAIL = {"type": "email", "value": "<run>@example.test"}
_CHANNEL_EVENTS = {
    name: {"count": 1, "first_seen": f"<{name}>", "last_seen": f"<{name}>"}
    for name in ("Channel Unsubscribed", "Channel Subscribed")
}

CONTACT = [
    Story(
        name="everybody with the address is unsubscribed, and comes back",
        steps=[
            upload(profile({"Email": "<run>@example.test"}, A)),
            _contact("/1/subscribe", _MAIL | {"status": "Unsubscribe"}),
            _contact("/1/subscribe", _MAIL | {"status": "Resubscribe"}),
            read(
                f"identity={A}",
                bare(A, {"MSG-dndEmail": False})
                | {"email": "<run>@example.test", "events": _CHANNEL_EVENTS},
                {name: ("record", "events", name, "first_seen") for name in _CHANNEL_EVENTS},
            ),
            _contact(
                "/1/subscribe",
                {"type": "phone", "value": "223", "status": "Unsubscribe"},
                {"type": "email", "value": "1234", "status": "Unsubscribe"},
                {"type": "email", "value": "a@example.test", "status": "Stop"},
                {"type": "whatsapp", "value": PHONE, "status": "Unsubscribe"},
                wrong=(BAD_PHONE, EMAIL, STATUS, CHANNEL),
            ),
        ],
    ),
    Story(
        name="a phone number that is an identity is parted from its profile",
        steps=[
            upload(profile({"Phone": PHONE, "identity": A}, PHONE)),
            _contact("/1/disassociate", {"type": "phone", "value": PHONE}),
            read(f"identity={A}", bare(A)),
            Step(
                method="GET",
                path="/1/profile.json?identity=%2B35922333232",
                answer=SUCCESS | {"record": None},
            ),
            _contact(
                "/1/disassociate",
                {"type": "email", "value": "a@example.test"},
                {"type": "phone", "value": "223"},
                wrong=(CHANNEL, BAD_PHONE),
            ),
        ],
    ),
]

_COMMIT = "/upload_custom_list_segment_completed"
_LIST = {
    "name": "List <run>",
    "email": "admin@example.test",
    "filename": "list.csv",
    "creator": "Ada",
    "url": "<url>",
}

LISTS = [
    Story(
        name="a custom list is put and made a segment",
        steps=[
            upload(profile({}, A)),
            Step(
                path="/get_custom_list_segment_url",
                answer={"presignedS3URL": "<url>", "expiry": "<expiry>", "status": "success"},
                keep={"url": ("presignedS3URL",), "expiry": ("expiry",)},
            ),
            Step(method="PUT", path="<url>", body=f"Type,Identity\ni,{A}\ni,nobody\n", answer=None),
            Step(
                path=_COMMIT,
                body=_LIST | {"replace": False},
                answer={"Segment ID": "<segment>", "status": "success"},
                keep={"segment": ("Segment ID",)},
            ),
            Step(
                path=_COMMIT,
                body=_LIST | {"replace": False},
                status=409,
                answer={"status": "fail", "error": "duplicate_name", "code": 409},
            ),
            Step(
                path=_COMMIT,
                body=_LIST | {"replace": True},
                answer={"Segment ID": "<segment>", "status": "success"},
            ),
        ],
    )
]

STORIES = [*ERASURE, *CONTACT, *LISTS]
