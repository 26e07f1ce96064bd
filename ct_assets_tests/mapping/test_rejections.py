import polars as pl

from ct_assets.mapping import Sync, parse
from ct_assets.mapping.rejections import reason_keys, rejections

REASON = pl.List(pl.Struct({"field": pl.String, "code": pl.String, "message": pl.String}))


def sync(**settings: object) -> Sync:
    profile = {
        "name": "customers",
        "object": "profile",
        "source": "shop/customer",
        "identify_by": [{"identity": "id"}],
        "fields": {"Email": "mail", "Phone": "phone"},
    }
    return parse(profile | settings)


def rejected(*rows: tuple[object, list[tuple[str, str, str]]], key: str = "id") -> pl.LazyFrame:
    listed = [
        [dict(zip(("field", "code", "message"), r, strict=True)) for r in of] for _, of in rows
    ]
    return pl.LazyFrame(
        {
            key: [value for value, _ in rows],
            "mail": ["x"] * len(rows),
            "phone": ["y"] * len(rows),
            "reasons": pl.Series(listed, dtype=REASON),
        }
    )


EMAIL, PHONE = ("Email", "email_syntax", "'x' is no address"), ("Phone", "phone_short", "'y'")


def test_each_row_has_its_key_and_its_reasons() -> None:
    rows = rejections(sync(), rejected((7, [EMAIL, PHONE]), (None, [EMAIL]))).collect()

    assert sorted(rows.rows(), key=str) == [
        ("7", "identity", "7", ["Email", "Phone"], "email_syntax",
         "Email: email_syntax; Phone: phone_short", "'x' is no address; 'y'"),
        (None, None, None, ["Email"], "email_syntax", "Email: email_syntax", "'x' is no address"),
    ]  # fmt: skip


def test_an_event_is_known_by_its_own_key_and_its_person() -> None:
    event = sync(object="event", event="Bought", event_key="mail")

    (row,) = rejections(event, rejected((7, [PHONE]))).collect().rows()

    assert row[:3] == ("x", "event", "7")


def test_rows_of_other_columns_are_listed_without_keys() -> None:
    rows = rejections(sync(), rejected((7, [EMAIL]), key="number")).collect()

    assert rows.select("key", "identity", "code").rows() == [(None, None, "email_syntax")]


def test_a_few_keys_stand_for_each_reason() -> None:
    rows = rejected(*((n, [EMAIL]) for n in range(1, 6)), (9, [EMAIL, PHONE]), (None, [PHONE]))

    assert reason_keys(sync(), rows, most=2) == {
        ("Email", "email_syntax"): ["1", "2"],
        ("Phone", "phone_short"): ["9"],
    }
