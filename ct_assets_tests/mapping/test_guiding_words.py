"""Every word that guides a person whose rows are rejected, as it is printed.

Each is to be read as prose: does it say what is wrong, and what to do?
"""

import polars as pl

from ct_assets.clevertap import codes
from ct_assets_tests.mapping.guiding_values import VALUES
from ct_assets_tests.mapping.splitting import Outcome, events, profiles


def told(outcome: Outcome) -> list[tuple[str, str]]:
    return [
        (reason["code"], reason["message"])
        for reasons in outcome.rejected["reasons"].to_list()
        for reason in reasons
    ]


def test_words_about_values() -> None:
    row = {f"c{place}": value for place, (value, *_) in enumerate(VALUES)}
    fields = {
        f"c{place}": {"column": f"c{place}", **how} for place, (_, how, *_) in enumerate(VALUES)
    }

    outcome = profiles(pl.DataFrame([{"id": "a", "land": "Nowhere", **row}]), fields)

    assert told(outcome) == [(code, message) for *_, code, message in VALUES]


TWICE = (
    "and nothing tells which of them is right: make it unique in the source, or name a column in "
    "`keep_latest_by` under `duplicates:`"
)
UNORDERED = (
    "2 rows have this identity, and `at` is no date that tells which of them is the latest: write "
    "it in ISO 8601, such as 2024-01-31T17:30:00, or make it a date or a number in the source"
)
EVENTS = [
    ("event_key_damaged", "a whole number that a spreadsheet or a column of floats has changed, "
     "such as 7.0, another event than 7: take it as text, or as an integer, from where it comes"),
    ("event_key_missing",
     "empty, and without a key nobody can tell whether the event was sent before: fill it in the "
     "source, or cut such rows with `where:`"),
    ("event_name_missing", "empty, and an event needs a name: fill it in the source, or cut such "
     "rows with `where:`"),
    ("event_name_characters", "has a control character or one of %><!|&.:;$'\"\\#, which names "
     "may not have: replace it in the source, or with `expr:`"),
    ("event_name_reserved", "only CleverTap raises events of this name: choose another"),
    ("event_name_charged", "CleverTap's event of a purchase is written Charged: write it so"),
    *[("event_key_duplicate", f"2 rows have this event key, {TWICE}")] * 2,
    ("event_name_too_long", "longer than the 512 bytes that the name of an event may have: "
     "shorten it in the source"),
    ("ts_missing",
     "empty: the event would be dated on arrival; allow that with `on_null: skip` under `ts:`"),
    ("ts_out_of_range",
     "not between 1970-01-01 and 2099-12-31: if it is a number, declare its `unit`"),
]  # fmt: skip
PEOPLE = [
    ("identity_missing", "id is empty, so there is nobody to send this for: fill it in the "
     "source, or cut such rows with `where:`"),
    ("identity_junk", "a stand-in for a missing value (null, na, 0, -1, nan ...): all rows that "
     "have it would end up in one profile. Cut such rows with `where:`; `junk_identities` of the "
     "sync lists these values"),
    ("identity_damaged", "a whole number that a spreadsheet or a column of floats has changed: "
     "take it as text, or as an integer, from where it comes"),
    ("identity_too_long", "longer than the 1024 bytes that an identity may have: identify "
     "people by something shorter"),
    *[("identity_duplicate", f"2 rows have this identity, {TWICE}")] * 2,
]  # fmt: skip


def test_words_about_events() -> None:
    names = ["V", "V", "V", None, "Charge%d", "App Launched", "charged", "V", "x" * 600, "V", "V"]
    keys = ["1", "2.0", None, "4", "5", "6", "7", "7", "9", "10", "11"]
    times = [*["2024-01-31"] * 9, None, "2150-01-01"]
    rows = pl.DataFrame({"id": ["a"] * 11, "key": keys, "named": names, "at": times})

    assert told(events(rows, event={"column": "named"}, ts={"column": "at"})) == EVENTS


def test_words_about_people() -> None:
    rows = pl.DataFrame({"id": [None, "null", "7.0", "x" * 1025, "d", "d"]})

    assert told(profiles(rows)) == PEOPLE


def test_words_about_the_rest_of_a_row() -> None:
    said = {
        "order_unreadable": profiles(
            pl.DataFrame({"id": ["d", "d"], "at": ["10/01/2024", "2024-01-01"]}),
            duplicates={"keep_latest_by": "at"},
        ),
        "object_id_characters": profiles(
            pl.DataFrame({"id": ["a#b"]}), identify_by=[{"objectId": "id"}]
        ),
        "consent_denied": profiles(
            pl.DataFrame({"id": ["d"], "yes": ["no"], "mail": ["a@example.org"]}),
            {"Email": "mail"},
            consent={"column": "yes", "channels": ["email"], "on_denied": "reject"},
        ),
    }

    assert {code: told(outcome) for code, outcome in said.items()} == {
        "order_unreadable": [("order_unreadable", UNORDERED)] * 2,
        "object_id_characters": [
            ("object_id_characters",
             "not a CleverTap ID, which has letters, digits and ()!:@$_- only: ids of your own "
             "belong under `identity`")
        ],
        "consent_denied": [
            ("consent_denied",
             "the person did not consent to be written to at this address; `on_denied` under "
             "`consent:` says what becomes of such rows")
        ],
    }  # fmt: skip


def test_words_about_size_and_items() -> None:
    wide = pl.DataFrame({"id": ["a"], "key": ["k"], **{f"c{n}": [1] for n in range(257)}})
    fields = {f"f{n}": f"c{n}" for n in range(257)}
    first = dict(list(fields.items())[:101])
    lists = [[{"sku": "a"}], [{"sku": "a"}] * 257]
    bought = pl.DataFrame(
        {"id": ["a", "b"], "key": ["k", "l"], "named": ["V", "Charged"], "items": lists}
    )

    assert told(profiles(wide, fields)) == [
        ("too_many_custom_fields",
         "257 custom properties, and CleverTap takes 256: map fewer columns, or raise "
         "`custom_fields` under `limits:` if your account has more")
    ]  # fmt: skip
    assert told(events(wide, first)) == [
        ("too_many_event_fields",
         "101 properties, and CleverTap takes 100: map fewer columns, or raise `event_fields` "
         "under `limits:` if your account has more")
    ]  # fmt: skip
    assert told(events(bought, {"Items": "items"}, event={"column": "named"})) == [
        ("items_not_charged",
         "only the event Charged may have Items (code 512): leave them empty in others"),
        ("items_too_many", "257 items, and an event takes 256: split the purchase, or add up "
         "small items in the source"),
    ]  # fmt: skip


ELSEWHERE = {
    "value_missing",
    "push_token_broken",
    "push_service_unknown",
    "subscription_unknown",
    "profile_rejected",
}
"""Their words are in test_closed_fields and test_duplicates."""


def test_every_code_of_a_rejected_row_has_its_words_here() -> None:
    known = {entry.code for entry in codes.entries().values() if entry.kind == "rejected"}
    here = {code for *_, code, _ in VALUES} | {code for code, _ in [*EVENTS, *PEOPLE]}
    here |= {"order_unreadable", "object_id_characters", "consent_denied"}
    here |= {
        "too_many_custom_fields",
        "too_many_event_fields",
        "items_not_charged",
        "items_too_many",
    }

    assert known - here == ELSEWHERE
