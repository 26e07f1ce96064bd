"""Shows how accepted records are kept: identities, types, operators, limits, silent drops."""

from typing import Any

from ct_assets_tests.sandbox.conformance.case import (
    NOON,
    SUCCESS,
    A,
    B,
    Step,
    Story,
    bare,
    event,
    profile,
    read,
    upload,
)

Change = tuple[Any, Any, Any]
"""What a profile has before and after a value is sent, which stands between; None for nothing."""


def _kept(name: str, properties: dict[str, Change]) -> Story:
    before, given, after = (
        {field: value for field, one in properties.items() if (value := one[at]) is not None}
        for at in range(3)
    )
    given |= {field: None for field, one in properties.items() if one[1] is None}
    record = bare(A, after)
    steps = [upload(profile(before, A)), upload(profile(given, A)), read(f"identity={A}", record)]
    return Story(name=name, steps=steps)


PROPERTIES = [
    _kept(
        "types follow JSON's, and only $D_ makes a date",
        {
            "text": (None, "a", "a"),
            "digits": (None, "42", "42"),
            "iso": (None, "1990-01-01", "1990-01-01"),
            "date": (None, "$D_631152000", "$D_631152000"),
            "whole": (None, 7, 7),
            "part": (None, 1.5, 1.5),
            "yes": (None, True, True),
            "no": (None, False, False),
            "list": (None, ["a", "b"], ["a", "b"]),
            "numbers": (None, [1, True], ["1", "true"]),
            "null": ("a", None, "a"),
        },
    ),
    _kept(
        "what operators make of a property",
        {
            "set": ("a", "b", "b"),
            "replaced": (["a", "b"], ["c"], ["c"]),
            "set to a list": (["a"], {"$set": ["b", "b", "c"]}, ["b", "c"]),
            "add": (["a"], {"$add": ["b", "a"]}, ["a", "b"]),
            "add to nothing": (None, {"$add": ["a"]}, ["a"]),
            "add to a text": ("a", {"$add": ["b"]}, ["a", "b"]),
            "add to a number": (7, {"$add": ["b"]}, ["7", "b"]),
            "remove": (["a", "b"], {"$remove": ["a"]}, ["b"]),
            "remove the last": (["a"], {"$remove": ["a"]}, None),
            "remove from a text": ("a", {"$remove": ["b"]}, ["a"]),
            "remove the text": ("a", {"$remove": ["a"]}, None),
            "incr": (7, {"$incr": 10}, 17),
            "decr": (7, {"$decr": 30}, -23),
            "incr of nothing": (None, {"$incr": 2}, 2),
            "delete": ("a", {"$delete": 1}, None),
            "delete true": (["a"], {"$delete": True}, None),
        },
    ),
    _kept(
        "limits, and what is dropped in silence",
        {
            "list": (
                [str(n) for n in range(99)],
                {"$add": ["x", "y", "z"]},
                [*(str(n) for n in range(2, 99)), "x", "y", "z"],
            ),
            "long": (None, "v" * 513, "v" * 512),
            "bytes": (None, "é" * 257, "é" * 256),
            "drifted": (7, "seven", 7),
            "whole or part": (7, 7.5, 7.5),
            "nested": ("a", {"b": 1}, "a"),
            "DOB": (None, "1990-01-01", "1990-01-01"),
        },
    ),
]

CLEANED = Story(
    name="names are cleaned and cut",
    steps=[
        upload(profile({"a.b:c": 1, " padded ": 2, "n#1": 3, "k" * 121: 4, "$<>": 5}, A)),
        read(
            f"identity={A}",
            bare(A, {"abc": 1, "padded": 2, "n#1": 3, "k" * 120: 4}),
        ),
    ],
)

_ONE = {"identity": A, "profileData": {"a": 1, "b": 2, "f": 3, "g": 4, "o": 5}}

_MERGED = {
    "identity": A,
    "profileData": {"tier": "gold", "a": 1, "b": 2},
    "events": {"Seen <run>": {"count": 1, "first_seen": NOON, "last_seen": NOON}},
    "platformInfo": [
        {"platform": "Web", "objectId": "<one>"},
        {"platform": "Web", "objectId": "<two>"},
    ],
}

IDENTITIES = [
    Story(
        name="four identifiers are one person",
        steps=[
            upload(profile({"a": 1}, A, FBID="<run>-f", GPID="<run>-g")),
            read(f"identity={A}", bare(A, {"a": 1})),
            upload(
                profile({"b": 2, "identity": B}, A),
                {"type": "profile", "FBID": "<run>-f", "profileData": {"f": 3}},
                {"type": "profile", "GPID": "<run>-g", "profileData": {"g": 4}},
                {"type": "profile", "objectId": "<objectId>", "profileData": {"o": 5}},
                {"type": "event", "FBID": "<run>-f", "evtName": "Seen <run>", "ts": NOON},
                event("Seen <run>", {}, B, ts=NOON + 1),
            ),
            *(
                read(
                    who,
                    _ONE
                    | {
                        "events": {
                            "Seen <run>": {"count": 2, "first_seen": NOON, "last_seen": NOON + 1}
                        }
                    },
                )
                for who in (f"identity={A}", f"identity={B}", "objectId=<objectId>")
            ),
        ],
    ),
    Story(
        name="linking two profiles makes one of them",
        steps=[
            upload(
                profile({"tier": "gold", "a": 1}, A),
                profile({"tier": "none", "b": 2}, B),
                event("Seen <run>", {}, B, ts=NOON),
                profile({"identity": B}, A),
            ),
            Step(
                method="GET",
                path=f"/1/profile.json?identity={B}",
                answer=SUCCESS | {"record": _MERGED},
                keep={
                    "one": ("record", "platformInfo", 0, "objectId"),
                    "two": ("record", "platformInfo", 1, "objectId"),
                },
            ),
        ],
    ),
]

STORIES = [*PROPERTIES, CLEANED, *IDENTITIES]
