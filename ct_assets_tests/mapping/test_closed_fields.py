"""Device tokens and subscriptions, through the split: their records, and what is rejected."""

from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import DeclarationError, parse
from ct_assets_tests.mapping.splitting import run

TOKEN: dict[str, Any] = {
    "name": "devices",
    "object": "token",
    "source": "src",
    "identify_by": [{"objectId": "id"}],
    "fields": {"token": "token", "type": "kind"},
}
CHROME = {**TOKEN, "fields": {**TOKEN["fields"], "p256dh": "key", "auth": "secret"}}
SUBSCRIPTION: dict[str, Any] = {
    "name": "mailing",
    "object": "subscription",
    "source": "src",
    "identify_by": [{"email": "mail"}],
    "fields": {"status": "wanted"},
}


def texts(declaration: dict[str, Any], rows: pl.DataFrame) -> list[str]:
    return run(declaration, rows).valid["_record"].to_list()


def test_the_records_of_tokens() -> None:
    rows = pl.DataFrame(
        {
            "id": ["__a1", "-b2", " web3 "],
            "token": [' t"1', "t\\2 ", "https://push.example/" + "x" * 900],
            "kind": ["FCM", "apns", "chrome"],
            "key": ["k1", None, "k3"],
            "secret": [None, None, "s3"],
        }
    )

    assert texts(CHROME, rows) == [
        '{"type":"token","objectId":"__a1","tokenData":{"id":"t\\"1","type":"fcm"}}',
        '{"type":"token","objectId":"-b2","tokenData":{"id":"t\\\\2","type":"apns"}}',
        '{"type":"token","objectId":"web3","tokenData":{"id":"https://push.example/'
        + "x" * 900
        + '","type":"chrome","keys":{"p256dh":"k3","auth":"s3"}}}',
    ]


def test_a_service_for_all_tokens() -> None:
    rows = pl.DataFrame({"id": ["__a1"], "token": ["t1"]})
    declared = {**TOKEN, "fields": {"token": "token", "type": {"value": "fcm"}}}

    assert texts(declared, rows) == [
        '{"type":"token","objectId":"__a1","tokenData":{"id":"t1","type":"fcm"}}'
    ]


def test_rows_that_make_no_token_are_rejected() -> None:
    rows = pl.DataFrame(
        {
            "id": [None, "__a", "__b", "__c", "w1", "w2", "é", "d", "d"],
            "token": ["t", None, "t t", "t", "t", "t", "t", "t", "t"],
            "kind": ["fcm", "fcm", "fcm", "hms", "chrome", "chrome", "fcm", "fcm", "gcm"],
            "key": [None, None, None, None, "k", None, None, None, None],
            "secret": [None] * 9,
        }
    )

    assert run(CHROME, rows).reasons == [
        [("objectId", "identity_missing")],
        [("token", "value_missing")],
        [("token", "push_token_broken")],
        [("type", "push_service_unknown")],
        [("auth", "value_missing")],
        [("p256dh", "value_missing"), ("auth", "value_missing")],
        [("objectId", "object_id_characters")],
        [("objectId", "identity_duplicate")],
        [("objectId", "identity_duplicate")],
    ]


def test_tokens_of_chrome_without_columns_of_keys() -> None:
    rows = pl.DataFrame({"id": ["w1"], "token": ["t"], "kind": ["chrome"]})

    assert run(TOKEN, rows).reasons == [[("p256dh", "value_missing"), ("auth", "value_missing")]]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ([True, False], ["Resubscribe", "Unsubscribe"]),
        ([1, 0], ["Resubscribe", "Unsubscribe"]),
        (["yes", " N "], ["Resubscribe", "Unsubscribe"]),
        (["Subscribed", "unsubscribe"], ["Resubscribe", "Unsubscribe"]),
    ],
)
def test_the_records_of_subscriptions(wanted: list[Any], status: list[str]) -> None:
    rows = pl.DataFrame({"mail": ["a@example.org", " b@example.org "], "wanted": wanted})

    assert texts(SUBSCRIPTION, rows) == [
        f'{{"type":"email","value":"a@example.org","status":"{status[0]}"}}',
        f'{{"type":"email","value":"b@example.org","status":"{status[1]}"}}',
    ]


def test_subscriptions_of_phone_numbers() -> None:
    rows = pl.DataFrame({"tel": ["02 1234 5678", "+351 21 000 0000"], "state": ["A", "B"]})
    declared = {
        **SUBSCRIPTION,
        "identify_by": [{"phone": {"column": "tel", "region": "IT"}}],
        "fields": {"status": {"column": "state", "map": {"A": "Resubscribe", "B": "Unsubscribe"}}},
    }

    assert texts(declared, rows) == [
        '{"type":"phone","value":"+390212345678","status":"Resubscribe"}',
        '{"type":"phone","value":"+351210000000","status":"Unsubscribe"}',
    ]


def test_rows_that_make_no_subscription_are_rejected() -> None:
    rows = pl.DataFrame(
        {
            "mail": [None, "1234", "a@example.org", "b@example.org", "c@example.org"],
            "wanted": ["no", "no", None, "maybe", "no"],
        }
    )

    assert run(SUBSCRIPTION, rows).reasons == [
        [("email", "identity_missing")],
        [("email", "email_no_at")],
        [("status", "value_missing")],
        [("status", "subscription_unknown")],
    ]


@pytest.mark.parametrize(
    ("declaration", "problems"),
    [
        (
            {**TOKEN, "fields": {"token": {"column": "t", "hash": "md5"}, "Name": "n"}},
            [
                "fields.Name: is no field of a token: it has token, type, p256dh, auth.",
                "`fields` lacks type. Write its column: `fields: {token: push_token, type: "
                "{value: fcm}}`.",
                "fields.token.hash: is not for tokens. Leave it out.",
            ],
        ),
        (
            {**TOKEN, "identify_by": [{"identity": "id"}], "ts": "at"},
            [
                "ts: is for profiles and events; a token has its own fields alone. Leave it out.",
                "identify_by[0]: identity names no token: use objectId.",
            ],
        ),
        (
            {**TOKEN, "fields": {"token": "t", "type": {"value": "hms"}}},
            [
                "fields.type.value: none of apns, fcm, gcm, wns, mpns, chrome: translate it with "
                "`map:`",
            ],
        ),
        (
            {**SUBSCRIPTION, "identify_by": [{"email": "a"}, {"phone": "b"}], "fields": {}},
            [
                "`fields` lacks status. Write its column: `fields: {status: may_be_written_to}`.",
                "identify_by: names several contacts, and a subscription is of one. Write a sync "
                "for each.",
            ],
        ),
        (
            {**SUBSCRIPTION, "object": "profile", "fields": {"Email": "mail"}},
            [
                "identify_by[0]: CleverTap knows no identifier 'email'. It has identity, objectId",
            ],
        ),
    ],
)
def test_declarations_that_make_no_sense(declaration: dict[str, Any], problems: list[str]) -> None:
    with pytest.raises(DeclarationError) as raised:
        parse(declaration)

    for problem in problems:
        assert problem in str(raised.value)
