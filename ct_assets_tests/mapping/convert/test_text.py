import polars as pl
import pytest

from ct_assets.mapping.convert import FieldType, Limits, Target, TypeMismatchError
from ct_assets_tests.mapping.convert.run import converted, one, outcomes

UNCHANGED = [
    "O'Brien",
    'she said "hi"',
    "back\\slash",
    "line\nbreak\r\n",
    "tab\tnul\x00bell\x07",
    "sep\u2028para\u2029",
    'a,}b{"x":null,',
    "שלום עולم",
    "👩‍👩‍👧 é e\u0301",
    "  blanks around  ",
    "",
    "null",
    "D_170",
    " $D_1",
]


@pytest.mark.parametrize("text", UNCHANGED)
def test_text_arrives_unchanged(text: str) -> None:
    assert one(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x" * 512, None),
        ("x" * 513, "text_too_long"),
        ("é" * 256, None),
        ("é" * 256 + "x", "text_too_long"),
        ("😀" * 128, None),
        ("😀" * 127 + "xxxxx", "text_too_long"),
        ("x" * 1_000_000, "text_too_long"),
        ("$D_", "text_looks_like_date"),
        ("$D_1700000000", "text_looks_like_date"),
        ("$D_soon", "text_looks_like_date"),
        ("$d_1", None),
    ],
)
def test_limits_of_text(text: str, code: str | None) -> None:
    assert one(text) == (None if code else text, code)


def test_the_length_of_text_is_a_setting() -> None:
    limits = Limits(value_bytes=1024)
    assert one("x" * 1024, limits=limits) == ("x" * 1024, None)
    assert one("x" * 1025, limits=limits) == (None, "text_too_long")


def test_the_message_counts_bytes() -> None:
    found = outcomes(pl.Series(["é" * 300]), Target("Name"))
    assert found["message"].to_list() == [
        "600 bytes of UTF-8, and CleverTap takes 512: shorten it with `expr:`"
    ]


@pytest.mark.parametrize(
    ("identity", "value", "code"),
    [
        ("cust-000042", "cust-000042", None),
        ("0171", "0171", None),
        ("  cust 1 ", "cust 1", None),
        ("jane@example.test", "jane@example.test", None),
        ("010", "010", None),
        ("-10", "-10", None),
        ("nan1", "nan1", None),
        ("nada", "nada", None),
        ("x" * 1024, "x" * 1024, None),
        ("x" * 1025, None, "identity_too_long"),
        ("é" * 512, "é" * 512, None),
        ("é" * 513, None, "identity_too_long"),
        (None, None, None),
        ("", None, None),
        (" \t\u00a0\ufeff", None, None),
        ("\x00\x1f", None, None),
        ("cust\x00\x00", "cust", None),
    ],
)
def test_identities(identity: str | None, value: str | None, code: str | None) -> None:
    assert converted([identity], FieldType.IDENTITY, dtype=pl.String) == [(value, code)]


JUNK = """
    undefined null na n/a 0 nil -1 infinity -infinity inf -inf nan -nan xxxxxx
    NULL N/A NaN -Infinity Undefined
    None none NONE \\N #N/A (null) (NULL) (none) <null> <NA> NaT - -- [null] {} Unknown Anonymous
    0.0 . ? (missing) – — +inf
    00000000-0000-0000-0000-000000000000 00000000000000000000000000000000 #REF! True
    'null' "None" `NULL` «nil» ‘na’ [None] <undefined> *null* null. NA! N\u200bA
    \u200bnull\u200d ＮＵＬＬ
    00 000 0000000 0.00 0,0 -0 +0 ０ ０.０ (0) '0' ... .. … _ __ ___ ??? * # ##### ' '' () <>
    — - ‑ · ••• ¿? !!! \u3164 \u2800 \ufffd\ufffd #NV #WERT! #N/D #VALEUR! #¡REF! N.A N.A.
"""
NOBODYS = [
    "n",
    "N",
    "-2",
    "-01",
    "000001",
    "0.10",
    "１",
    "*7*",
    "_x",
    "نا",
    "Nonе",
    "null1",
    "nulls",
    "Nonna",
    "00000000-0000-0000-0000-000000000001",
    "\\M",
]


OF_TWO_WORDS = [" null ", "(not set)", "Not Set", "n / a", "None None", "#N/A N/A"]


@pytest.mark.parametrize("kind", [FieldType.IDENTITY, FieldType.OBJECT_ID])
def test_identities_that_stand_for_nobody(kind: FieldType) -> None:
    given = [*JUNK.split(), *OF_TWO_WORDS]
    codes = [code for _, code in converted(given, kind)]

    assert dict(zip(given, codes, strict=True)) == dict.fromkeys(given, "identity_junk")


def test_identities_that_look_like_them() -> None:
    found = converted(NOBODYS, FieldType.IDENTITY)

    assert found == [(identity, None) for identity in NOBODYS]


@pytest.mark.parametrize("damaged", ["12345.0", "-1.0", "1.2E+15", "1e+16", "9.19876E+11"])
def test_identities_that_were_kept_as_floats(damaged: str) -> None:
    assert one(damaged, FieldType.IDENTITY) == (None, "identity_damaged")


@pytest.mark.parametrize(
    "identity", ["1e5", "12e45678", "1.5", "v1.0", "a+e+1", "1.00", "E+", "1.2.0"]
)
def test_identities_that_look_like_floats(identity: str) -> None:
    assert one(identity, FieldType.IDENTITY) == (identity, None)


def test_the_list_of_them_is_a_setting() -> None:
    assert converted(
        ["none", "Test-User", "-", "7", "(test-user)", "-7", "00"],
        FieldType.IDENTITY,
        junk=["TEST-user", "7"],
    ) == [
        ("none", None),
        (None, "identity_junk"),
        ("-", None),
        (None, "identity_junk"),
        (None, "identity_junk"),
        ("-7", None),
        ("00", None),
    ]
    assert converted(["00", "...", "-", "x"], FieldType.IDENTITY, junk=["0"]) == [
        (None, "identity_junk"),
        ("...", None),
        ("-", None),
        ("x", None),
    ]
    assert one("null", FieldType.IDENTITY, junk=()) == ("null", None)


def test_identities_of_whole_numbers() -> None:
    assert converted([171, 0, -1, None], FieldType.IDENTITY) == [
        ("171", None),
        (None, "identity_junk"),
        (None, "identity_junk"),
        (None, None),
    ]


@pytest.mark.parametrize("dtype", [pl.Float64, pl.Boolean, pl.Date, pl.Binary])
def test_identities_of_no_other_type(dtype: pl.DataType) -> None:
    with pytest.raises(
        TypeMismatchError, match=r"^id is given a column of type .* or a whole number"
    ):
        converted([None], FieldType.IDENTITY, dtype=dtype, field="id")


@pytest.mark.parametrize(
    ("object_id", "code"),
    [
        ("-1a2b3c4d5e6f", None),
        ("__h0123", None),
        ("a(b)!:@$_-", None),
        ("x" * 64, None),
        ("x" * 65, "identity_too_long"),
        ("a b", "object_id_characters"),
        ("a.b", "object_id_characters"),
        ("ä", "object_id_characters"),
        ("a\nb", "object_id_characters"),
    ],
)
def test_clevertap_ids(object_id: str, code: str | None) -> None:
    assert one(object_id, FieldType.OBJECT_ID) == (None if code else object_id, code)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Charged", "Charged", None),
        ("Product Viewed", "Product Viewed", None),
        (" Web Event ", "Web Event", None),
        ("Web Page Viewed", None, "event_name_reserved"),
        ("Notification Sent", None, "event_name_reserved"),
        ("notificationsent", None, "event_name_reserved"),
        ("APP LAUNCHED", None, "event_name_reserved"),
        ("Stayed", None, "event_name_reserved"),
        ("wzrk_fetch", None, "event_name_reserved"),
        (" stayed ", None, "event_name_reserved"),
        ("WZRK_x", None, "event_name_reserved"),
        ("Stayed Late", "Stayed Late", None),
        ("charged", None, "event_name_charged"),
        ("Char ged", None, "event_name_charged"),
        ("app\tlaunched", None, "event_name_characters"),
        ("App\u00a0Launched", None, "event_name_characters"),
        ("a\x00b", None, "event_name_characters"),
        ("Größe 好 😀", "Größe 好 😀", None),
        ("100%", None, "event_name_characters"),
        ("a#b", None, "event_name_characters"),
        ("a.b", None, "event_name_characters"),
        ("it's", None, "event_name_characters"),
        ("a\\b", None, "event_name_characters"),
        ("a-b_c/d", "a-b_c/d", None),
        ("x" * 512, "x" * 512, None),
        ("x" * 513, None, "event_name_too_long"),
        ("é" * 257, None, "event_name_too_long"),
        ("", None, None),
    ],
)
def test_names_of_events(name: str, value: str | None, code: str | None) -> None:
    assert one(name, FieldType.EVENT_NAME) == (value, code)
