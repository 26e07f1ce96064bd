"""Consents, through the split: flags, addresses and reasons as people's answers want them."""

from typing import Any

import polars as pl
import pytest

from ct_assets_tests.mapping.splitting import Outcome, profiles

ROWS = pl.DataFrame(
    {
        "id": ["yes", "no", "silent"],
        "mail": ["a@example.com", "b@example.com", "c@example.com"],
        "tel": ["+14155550100", "+14155550101", "+14155550102"],
        "ok": ["y", "N", None],
        "sms_ok": [False, True, None],
    }
)
FIELDS = {"Email": "mail", "Phone": {"column": "tel", "region": "US"}}


def consented(consent: Any, fields: dict[str, Any] | None = None) -> Outcome:
    return profiles(ROWS, FIELDS if fields is None else fields, consent=consent)


def test_flags_are_sent_and_addresses_left_out() -> None:
    outcome = consented({"column": "ok", "channels": ["email", "sms", "whatsapp", "push"]})

    assert outcome.valid["_record"].to_list() == [
        '{"type":"profile","identity":"yes","profileData":{"Email":"a@example.com",'
        '"Phone":"+14155550100","MSG-email":true,"MSG-sms":true,"MSG-whatsapp":true,'
        '"MSG-push":true}}',
        '{"type":"profile","identity":"no","profileData":{"MSG-email":false,"MSG-sms":false,'
        '"MSG-whatsapp":false,"MSG-push":false}}',
        '{"type":"profile","identity":"silent","profileData":{"Email":"c@example.com",'
        '"Phone":"+14155550102"}}',
    ]
    denied = [("Email", "consent_denied"), ("Phone", "consent_denied")]
    assert outcome.warnings == [None, denied, None]
    assert outcome.valid["_clear"].to_list() == [None, None, None]


@pytest.mark.parametrize(
    ("settings", "data", "cleared"),
    [
        ({"on_denied": "keep"}, {"Email": "b@example.com", "MSG-email": False}, None),
        ({"on_denied": "drop"}, {"MSG-email": False}, None),
        ({"on_denied": "clear"}, {"MSG-email": False}, ["Email"]),
    ],
)
def test_what_becomes_of_an_address(
    settings: dict[str, str], data: dict[str, Any], cleared: list[str] | None
) -> None:
    consent = {"column": "ok", "channels": ["email"], **settings}
    outcome = consented(consent, {"Email": "mail"})

    assert outcome.data[1] == data
    assert outcome.valid["_clear"].to_list()[1] == cleared
    assert outcome.data[0] == {"Email": "a@example.com", "MSG-email": True}


def test_rows_of_people_who_said_no_may_be_rejected() -> None:
    outcome = consented({"column": "ok", "channels": ["email"], "on_denied": "reject"})

    assert outcome.reasons == [[("Email", "consent_denied")]]
    assert outcome.valid["_key"].to_list() == ["yes", "silent"]


def test_silence_may_be_a_no() -> None:
    consent = {"column": "ok", "channels": ["email"], "on_null": "deny"}

    assert consented(consent, {"Email": "mail"}).data == [
        {"Email": "a@example.com", "MSG-email": True},
        {"MSG-email": False},
        {"MSG-email": False},
    ]


def test_a_phone_stays_while_one_of_its_channels_is_allowed() -> None:
    sms = {"column": "sms_ok", "channels": ["sms"]}
    consents = [{"column": "ok", "channels": ["email", "whatsapp"]}, sms]

    assert consented(consents).data == [
        {
            "Email": "a@example.com",
            "Phone": "+14155550100",
            "MSG-email": True,
            "MSG-whatsapp": True,
            "MSG-sms": False,
        },
        {"Phone": "+14155550101", "MSG-email": False, "MSG-whatsapp": False, "MSG-sms": True},
        {"Email": "c@example.com", "Phone": "+14155550102"},
    ]


def test_a_bad_address_that_does_not_go_rejects_nothing() -> None:
    rows = pl.DataFrame({"id": ["a", "b"], "mail": ["nonsense", "nonsense"], "ok": [False, True]})
    outcome = profiles(rows, {"Email": "mail"}, consent={"column": "ok", "channels": ["email"]})

    assert outcome.data == [{"MSG-email": False}]
    assert outcome.reasons == [[("Email", "email_no_at")]]


def test_an_answer_that_nobody_can_read_is_told_once() -> None:
    rows = pl.DataFrame({"id": ["a"], "ok": ["perhaps"]})
    outcome = profiles(rows, {}, consent={"column": "ok", "channels": ["sms", "email"]})

    assert outcome.reasons == [[("MSG-sms", "boolean_unknown")]]


def test_the_column_is_no_other_column() -> None:
    rows = pl.DataFrame({"id": ["a"], "ok": [True], "city": ["Pune"]})
    consent = {"column": "ok", "channels": ["push"]}

    assert profiles(rows, {}, other_columns=True, consent=consent).data == [
        {"city": "Pune", "MSG-push": True}
    ]
