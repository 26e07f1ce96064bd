"""Mistakes in a declaration as a whole, with what its author is told."""

from typing import Any

import pytest

from ct_assets.mapping import DeclarationError, parse
from ct_assets_tests.mapping.declared import customers, purchases, told
from ct_assets_tests.mapping.splitting import SEGMENT

MISTAKES: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "unknown key",
        customers(max_reject=0.1),
        ["max_reject: unknown setting; did you mean 'max_rejected'? Known here: name,"],
    ),
    (
        "no name, no source",
        {"object": "profile", "identify_by": [{"identity": "a"}], "fields": {"a": "a"}},
        ["`name` is missing. Write `name: customers`", "`source` is missing. Write the asset"],
    ),
    (
        "object",
        customers(object="profiles"),
        [
            "object: must be one of profile, event, segment, token, subscription, not 'profiles'; "
            "did you mean 'profile'?"
        ],
    ),
    (
        "an identifier that does not exist",
        customers(identify_by=[{"identitty": "CustomerId"}]),
        [
            "identify_by[0]: CleverTap knows no identifier 'identitty'; did you mean 'identity'? "
            "It has identity, objectId, FBID and GPID."
        ],
    ),
    (
        "identifier without kind",
        customers(identify_by=["CustomerId"]),
        ["identify_by[0]: must be one identifier and its column, such as `identity: CustomerId`"],
    ),
    ("no identifier", customers(identify_by=[]), ["identify_by: is empty. Write which column"]),
    (
        "type of an identifier",
        customers(identify_by=[{"identity": {"column": "P", "type": "fax"}}]),
        ["identify_by[0].identity.type: must be one of phone, email, not 'fax'."],
    ),
    (
        "one identifier twice",
        customers(identify_by=[{"identity": "a"}, {"identity": "b"}]),
        ["identify_by[1]: identity is listed twice. Choose between columns with"],
    ),
    ("where", customers(where="1 = 1"), ["where: names no column."]),
    (
        "subquery",
        customers(where="a in (select b from c)"),
        ["where: must be one value of the row, and sees nothing else: 'select' is not possible"],
    ),
    (
        "a mode of other identifiers",
        customers(mode="update_only", identify_by=[{"FBID": "f"}]),
        ["identify_by[0]: CleverTap cannot be asked for a FBID, as `mode: update_only` has to:"],
    ),
    (
        "hours without a mode",
        customers(look_again_hours=3),
        [
            "look_again_hours: is for `mode: update_only`, `mode: create_only` and "
            "`write: if_empty` of a field. Leave it out."
        ],
    ),
    (
        "a segment of other identifiers",
        {**SEGMENT, "identify_by": [{"FBID": "f"}]},
        ["identify_by[0]: FBID names nobody in a list: use identity or objectId."],
    ),
    (
        "a segment without a name",
        {**SEGMENT, "segment": {"creator": "c", "email": "a@b.example", "shrink": 1}},
        [
            "segment: `name` is missing. Write `name: customers`",
            "segment.shrink: unknown setting; did you mean 'max_shrink'? Known here: name, creator",
        ],
    ),
    (
        "a segment in a sync of people",
        customers(segment={"name": "n", "creator": "c", "email": "a@b.example"}),
        ["segment: is for `object: segment`. Leave it out."],
    ),
    (
        "hash of an identifier",
        customers(identify_by=[{"identity": {"column": "mail", "hash": "sha256"}}]),
        [
            "identify_by[0]: `identity` takes no `hash`: an identifier has to be the same in all "
            "syncs, in the app and in what was sent before. Where all of them have a hash, make it "
            "in the source, and name its column."
        ],
    ),
    (
        "channels",
        customers(consent=[{"column": "x", "channels": ["fax"]}]),
        ["consent[0].channels[0]: must be one of email, sms, whatsapp, push, not 'fax'"],
    ),
    (
        "share",
        customers(max_rejected=10),
        ["max_rejected: must be at most 1, not 10."],
    ),
    (
        "share as text",
        customers(max_rejected="10%"),
        ["max_rejected: must be a number, not '10%'."],
    ),
    (
        "time zone",
        purchases(ts={"column": "at", "timezone": "Europe/Roma"}),
        ["ts.timezone: 'Europe/Roma' is no time zone; did you mean 'Europe/Rome'?"],
    ),
    (
        "duplicates",
        customers(duplicates="keep"),
        ["duplicates: must be reject or `keep_latest_by: COLUMN`, not 'keep'."],
    ),
    ("owner", customers(owners=["ada"]), ["owners: 'ada' must be an e-mail address or team:NAME."]),
    ("name", customers(name="my sync"), ["name: 'my sync' may have letters, digits and _ only"]),
    (
        "what belongs to events",
        customers(event_key="a", first_run="from_now"),
        [
            "event_key: is for events, and this sync has `object: profile`. Leave it out.",
            "first_run: is for events",
        ],
    ),
    (
        "what belongs to profiles",
        purchases(on_removed="delete", fields={"a": {"column": "a", "op": "incr"}}),
        ["on_removed: is for profiles", "fields.a.op: is for profiles"],
    ),
    (
        "an event without name and key",
        {k: v for k, v in purchases().items() if k not in ("event", "event_key")},
        ["`event` is missing. Write its name", "`event_key` is missing. Write the column"],
    ),
    ("no fields", customers(fields={}), ["`fields` is missing. Write at least one"]),
    (
        "a name that only CleverTap raises",
        purchases(event="app launched"),
        ["event: only CleverTap raises this event (code 513; case and spaces do not count)"],
    ),
    (
        "a name with a forbidden character",
        purchases(event={"value": "50% off"}),
        ["event: CleverTap forbids % in names: write, say, '50_ off'."],
    ),
    (
        "after itself",
        customers(after=["customers"]),
        ["after: names the sync itself."],
    ),
    (
        "partition",
        purchases(partition={"by": "InvoiceDate", "every": "week"}),
        [
            "partition.every: must be one of day, month, not 'week'",
            "partition: `start` is missing. Write the first day, such as `start: 2021-01-01`.",
        ],
    ),
]


@pytest.mark.parametrize(
    ("raw", "expected"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_every_mistake_says_where_and_what_to_write(
    raw: dict[str, Any], expected: list[str]
) -> None:
    found = told(raw)

    assert [line[: len(start)] for line, start in zip(found, expected, strict=True)] == expected


def test_all_mistakes_are_told_at_once() -> None:
    found = told(
        customers(
            max_reject=1,
            object="profile",
            event_key="x",
            where="a +",
            fields={"a.b": "x", "c": {"colum": "x"}, "d": 5},
            trigger={"timezone": "UTC"},
        )
    )

    assert [line.split(": ")[0] for line in sorted(found)] == [
        "event_key", "fields.a.b", "fields.c.colum", "fields.d", "max_reject", "trigger",
        "where",
    ]  # fmt: skip


def test_the_error_names_the_sync_and_lists_the_problems() -> None:
    with pytest.raises(DeclarationError) as caught:
        parse(customers(object="x", max_rejected=2))

    assert str(caught.value) == (
        "The declaration of customers cannot be used:\n"
        "  object: must be one of profile, event, segment, token, subscription, not 'x'. Write "
        "`object: profile` for people, `object: event` for what they did, `object: segment` for a "
        "list of people, `object: token` for push tokens of devices, or `object: subscription` for "
        "who may be written to.\n"
        "  max_rejected: must be at most 1, not 2."
    )


@pytest.mark.parametrize("junk", [None, [], "x", 5, {"a": 1}])
@pytest.mark.parametrize("setting", sorted({*customers(), *purchases(), "partition", "limits"}))
def test_nothing_that_yaml_can_say_is_answered_with_pydantics_words(
    setting: str, junk: object
) -> None:
    text = ""
    try:
        parse(customers(**{setting: junk}))
    except DeclarationError as error:
        text = str(error)

    for unwanted in ("Input should", "validation", "pydantic", "valid dictionary"):
        assert unwanted not in text
