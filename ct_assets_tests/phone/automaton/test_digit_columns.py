import polars as pl
import pytest

from ct_assets.phone.automaton.digit_columns import (
    hopeless,
    read,
    without_decoration,
    without_separators,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+16502530000", 16502530000),
        ("0207946", 207946),
        ("+007", 7),
        ("12345678901234567", 12345678901234567),
    ],
)
def test_bare_digits_are_read(text: str, value: int) -> None:
    digits, plus, readable = read(pl.Series([text]))

    assert readable.tolist() == [True]
    assert plus.tolist() == [text.startswith("+")]
    assert digits.values.tolist() == [value]
    assert digits.lengths.tolist() == [len(text.removeprefix("+"))]


@pytest.mark.parametrize(
    "text",
    [
        "-000",
        "+-000",
        "-+000",
        "++123",
        "+ 123",
        " 123",
        "123 ",
        "1_000",
        "1e5",
        "100.",
        "0x10",
        "１２３",
        "٣٤٥",
        "+１２３",
        "123\n",
        "\t123",
        "123\x00",
        "1'000",
        "inf",
        "",
        "+",
        "12",
        "+12",
        "123456789012345678",
        "99999999999999999999",
    ],
)
def test_nothing_else_is_read(text: str) -> None:
    """The engine relies on how polars casts such texts, which is not documented."""
    assert read(pl.Series([text])).readable.tolist() == [False]


def test_nulls_are_not_read() -> None:
    digits, plus, readable = read(pl.Series([None, "123"], dtype=pl.String))

    assert readable.tolist() == [False, True]
    assert plus.tolist() == [False, False]
    assert digits.values.tolist() == [0, 123]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("+1 (650) 253-0000", "+16502530000"),
        ("020\u00a07946\u20110958", "02079460958"),
        ("[020].7946/0958", "02079460958"),
        ("1-800-FLOWERS", "1800FLOWERS"),
        ("12~34", "12~34"),
        ("1 " * 126, "1 " * 126),
    ],
)
def test_without_separators(text: str, cleaned: str) -> None:
    assert without_separators(pl.Series([text])).to_list() == [cleaned]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        (" 020 7946 0958\n", "02079460958"),
        ("＋44 ２０79460958", "+442079460958"),
        ("020 7946 0958 ext. 12", "02079460958"),
        ("020 7946 0958x12", "02079460958"),
        ("020 7946 0958 Extension 1234567", "02079460958"),
        ("020 7946 0958 ext. 12345678", "02079460958ext12345678"),
        ("020 7946 0958 #12", "02079460958#12"),
    ],
)
def test_without_decoration(text: str, cleaned: str) -> None:
    assert without_decoration(pl.Series([text])).to_list() == [cleaned]


def test_hopeless() -> None:
    texts = pl.Series(["n/a", "", "+", "n/a 1", "٣", "-" * 251])

    assert hopeless(texts).tolist() == [True, True, True, False, False, False]
