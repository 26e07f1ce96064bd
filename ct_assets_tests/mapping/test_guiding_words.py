"""Every word that guides a person whose rows are rejected, as it is printed.

Each is to be read as prose: does it say what is wrong, and what to do?
"""

from typing import Any

import polars as pl

from ct_assets.clevertap import codes
from ct_assets_tests.mapping.splitting import Outcome, events, profiles

# A value, the settings of its field, and what is said of it.
VALUES: list[tuple[str, dict[str, Any], str, str]] = [
    ("x" * 513, {}, "text_too_long",
     "513 bytes of UTF-8, and CleverTap takes 512: shorten it with `expr:`"),
    ("$D_5", {}, "text_looks_like_date",
     "begins with $D_, by which CleverTap knows a date: declare `type: date` if it is "
     "one"),
    ("1.234,5", {"type": "float"}, "number_unreadable",
     "not a number: write it like 1234.5, without thousands separator, decimal comma "
     "or currency"),
    ("NaN", {"type": "float"}, "number_not_finite",
     "NaN or infinity, which cannot be sent: make it null in the source"),
    ("1.5", {"type": "integer"}, "number_has_fraction",
     "has a fraction where a whole number is wanted: round it with `expr:`, or declare "
     "`type: float`"),
    ("9223372036854775808", {"type": "integer"}, "number_out_of_range",
     "beyond a 64-bit integer: declare `type: string` to send its digits as text"),
    ("1.00000000000000012", {"type": "float"}, "number_too_precise",
     "has more digits than a float keeps: round it in the source, or declare `type: "
     "string` to send every digit"),
    ("perhaps", {"type": "boolean"}, "boolean_unknown",
     "neither yes nor no: write true or false, yes or no, y or n, 1 or 0"),
    ("perhaps", {"type": "yes_no"}, "yes_no_unknown",
     "neither yes nor no: write true or false, yes or no, y or n, 1 or 0"),
    ("x", {"type": "gender"}, "gender_unknown",
     "neither male nor female, and the API takes only M and F: leave it out of such "
     "rows with `on_invalid: drop`"),
    ("PhD", {"type": "education"}, "education_unknown",
     "none of School, College and Graduate, and the API takes nothing else: translate "
     "it with `map:`"),
    ("Divorced", {"map": {"Single": "N"}}, "value_unmapped",
     "no value that the field's `map` names: add it there, or say with `otherwise:` "
     "what to send"),
    ("131", {"type": "age"}, "age_out_of_range",
     "not the age of a person, which is 0 to 130: correct it in the source"),
    ("31/01/2024", {"type": "date"}, "date_unreadable",
     "not a date in ISO 8601, such as 2024-01-31 or 2024-01-31T17:30:00+02:00: declare "
     "the `format` of other forms"),
    ("2024-01-31", {"type": "date", "format": ["%d/%m/%Y", "%d.%m.%Y"]}, "date_unreadable",
     "not a date of the form '%d/%m/%Y' or '%d.%m.%Y': add other forms to its `format`, "
     "or correct it in the source"),
    ("1985", {"type": "date"}, "date_ambiguous",
     "either a year, a month or a day, or a moment counted from 1970, or 0 for no date "
     "at all: declare its `unit` or its `format`"),
    ("0", {"type": "date", "unit": "s"}, "date_ambiguous",
     "0, which stands for no date at all: make it null in the source, or the date "
     "1970-01-01"),
    ("170672220012300", {"type": "date"}, "date_unit",
     "too large for seconds or milliseconds since 1970: declare `unit: us` or `unit: "
     "ns`"),
    ("1706722200", {"type": "date", "unit": "ms"}, "date_unit",
     "too small for its `unit`, by which it would lie in the first weeks of 1970: "
     "declare the `unit` that it counts"),
    ("0001-01-01", {"type": "date"}, "date_out_of_range",
     "outside the years 1000 to 9999: correct it in the source, or make it null there "
     "if it stands for no date"),
    ("2024-03-31 02:30:00", {"type": "date", "timezone": "Europe/Rome"}, "time_does_not_exist",
     "the clocks of its time zone leapt over this time: declare the `timezone` in "
     "which the source writes its times"),
    (",".join(map(str, range(101))), {"type": "list", "separator": ","}, "list_too_long",
     "101 values, and CleverTap drops the oldest beyond 100: shorten the list in the "
     "source"),
    ("{a,b}", {"type": "list", "separator": ","}, "list_unreadable",
     "an array as text, and no JSON array of texts or numbers: write it as one, such "
     'as ["a", "b"], or with the separator alone between its values'),
    ("a," + "x" * 513, {"type": "list", "separator": ","}, "list_value_too_long",
     "has a value of more than 512 bytes, and CleverTap takes no more: shorten it in "
     "the source"),
    ('{"a"', {"json": [{"sku": "string"}], "nested": "json"}, "json_unreadable",
     "no JSON, or of another shape than that of the field: correct it in the source, "
     "or declare its shape with `json:`"),
    ("ann", {"type": "email"}, "email_no_at",
     "has no @: correct it in the source"),
    ("ann@", {"type": "email"}, "email_part_missing",
     "has nothing before or nothing after the @: correct it in the source"),
    ("a b@x.org", {"type": "email"}, "email_characters",
     "has a blank or an invisible character inside: correct it in the source"),
    ("a..b@x.org", {"type": "email"}, "email_dots",
     "has a dot at an end of a part, or two in a row: correct it in the source"),
    ("a@org", {"type": "email"}, "email_domain",
     "has no dot after the @, so its domain is incomplete: correct it in the source"),
    ("a" * 65 + "@x.org", {"type": "email"}, "email_too_long",
     "more than 64 bytes before the @: correct it in the source"),
    ("é@x.org", {"type": "email", "international": False}, "email_international",
     "has letters beyond ASCII, and the field declares `international: false`: take "
     "that away to send such addresses"),
    ("0151 12345678", {"type": "phone"}, "phone_no_region",
     "no country code and no region given: set `region`"),
    ("919876543210", {"type": "phone"}, "phone_no_region",
     "valid with a plus, which is missing before its country code: write it in the "
     "source, or with `template: '+{...}'`"),
    ("0151 12345678", {"type": "phone", "region": {"column": "land"}}, "phone_unknown_region",
     "no country code, and the region of this row is no known country: write an ISO "
     "3166 code or an English name"),
    ("+999123456789", {"type": "phone"}, "phone_invalid_country_code",
     "begins with a calling code that does not exist; correct it in the source"),
    ("call me", {"type": "phone"}, "phone_not_a_number",
     "not a phone number; correct it in the source"),
    ("+1415\u200e5550132", {"type": "phone"}, "phone_not_a_number",
     "has the invisible character U+200E inside: take it out in the source"),
    ("9.19876E+11", {"type": "phone", "region": "IN"}, "phone_damaged",
     "a number that a spreadsheet or a column of floats has rewritten, perhaps with "
     "other digits: take it from where it is text"),
    ("4915112345678", {"type": "phone", "region": "DE", "doubled_code": "reject"},
     "phone_doubled_code",
     "begins with the calling code of its region, and is valid with it and with "
     "another one before it: write it with its plus in the source, or declare "
     "`doubled_code`"),
    ("+1415555", {"type": "phone"}, "phone_too_short",
     "6 digits after +1 (United States and others); there mobile numbers and fixed "
     "lines have 10; correct it in the source"),
    ("+1 415 555 O132", {"type": "phone"}, "phone_too_short",
     "has the letter O among its digits: if 0 is meant, write that"),
    ("+141555501321", {"type": "phone"}, "phone_too_long",
     "11 digits after +1 (United States and others); there mobile numbers and fixed "
     "lines have 10; correct it in the source"),
    ("+14155550132 (mobile)", {"type": "phone"}, "phone_too_long",
     "has letters, which count as digits, as on the keys of a phone: 16 digits after "
     "+1 (United States and others); there mobile numbers and fixed lines have 10; "
     "take words out of it"),
    ("+6141234567890", {"type": "phone"}, "phone_invalid_length",
     "11 digits after +61 (Australia and others); there mobile numbers and fixed lines "
     "have 9; correct it in the source"),
    ("+15550132", {"type": "phone"}, "phone_local_only",
     "7 digits after +1 (United States and others); there mobile numbers and fixed "
     "lines have 10; the area code is missing; correct it in the source"),
    ("+11155550132", {"type": "phone"}, "phone_not_valid_for_region",
     "10 digits after +1 (United States and others); there mobile numbers and fixed "
     "lines have 10; these are in no range that is in use; correct it in the source"),
    ("+4930123456", {"type": "phone", "accept": ["mobile"]}, "phone_type_not_accepted",
     "of type fixed_line, and `accept` takes mobile; leave it out of such rows with "
     "`on_invalid: drop`"),
    ("+6834000", {"type": "phone"}, "phone_below_min_digits",
     "valid, but of fewer than 8 digits, country code included; leave it out of such "
     "rows with `on_invalid: drop`"),
    ("+49302345678901234", {"type": "phone"}, "phone_above_max_digits",
     "valid, but of more than 15 digits, country code included; leave it out of such "
     "rows with `on_invalid: drop`"),
]  # fmt: skip


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
