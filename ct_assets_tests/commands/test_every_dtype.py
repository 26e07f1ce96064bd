"""`preview`, `explain` and `plan` over rows of every type of column, at their extremes."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars._typing import TimeUnit

from ct_assets.commands.support.row_listing import Export, write
from ct_assets.commands.support.shown_rows import shown_rows
from ct_assets.mapping import SchemaError
from ct_assets_tests.commands.kit import Shop
from ct_assets_tests.mapping.splitting import profiles

MOST, LEAST = 2**63 - 1, -(2**63) + 1
UNITS: tuple[TimeUnit, ...] = ("ms", "us", "ns")
ZONES = (None, "UTC", "Asia/Kolkata", "America/New_York")


def physical(dtype: pl.DataType, *values: int) -> pl.Series:
    return pl.Series(values, dtype=pl.Int64).cast(dtype)


def extremes() -> pl.DataFrame:
    """Two rows, of the greatest and the least value of each type."""
    days = pl.Series([2**31 - 1, -(2**31)], dtype=pl.Int32).cast(pl.Date)
    columns = {
        "id": pl.Series(["1", "2"]),
        "date": days,
        "days": pl.Series([[d] for d in days.to_physical()], dtype=pl.List(pl.Int32)).cast(
            pl.List(pl.Date)
        ),
        "struct": pl.DataFrame({"day": days}).to_struct(),
        "array": pl.Series([[1, 2], [3, None]], dtype=pl.Array(pl.Int64, 2)),
        "time": pl.Series([time(23, 59, 59, 999999), time(0)]),
        "i8": pl.Series([127, -128], dtype=pl.Int8),
        "i64": pl.Series([MOST, LEAST]),
        "i128": pl.Series([2**127 - 1, -(2**127)], dtype=pl.Int128),
        "u64": pl.Series([2**64 - 1, 0], dtype=pl.UInt64),
        "f32": pl.Series([float("inf"), float("nan")], dtype=pl.Float32),
        "f64": pl.Series([1.7976931348623157e308, float("-inf")]),
        "decimal": pl.Series([Decimal(10) ** 37, Decimal("-1.5")], dtype=pl.Decimal(38, 0)),
        "cents": pl.Series([Decimal("0.00000000000000000001"), None], dtype=pl.Decimal(38, 20)),
        "binary": pl.Series([b"\xff\x00", None]),
        "enum": pl.Series(["a", None], dtype=pl.Enum(["a"])),
        "category": pl.Series(["a", None], dtype=pl.Categorical),
        "boolean": pl.Series([True, None]),
        "null": pl.Series([None, None]),
        "text": pl.Series(["\x00\u202e\U0010ffff", ""]),
        "u8": pl.Series([255, 0], dtype=pl.UInt8),
        "u128": pl.Series([2**128 - 1, 0], dtype=pl.UInt128),
        "f16": pl.Series([65504.0, float("-inf")], dtype=pl.Float16),
        "fraction": pl.Series([Decimal(f"0.{'9' * 38}"), None], dtype=pl.Decimal(38, 38)),
        "lists": pl.Series([[[MOST, None]], [[]]]),
        "nulls": pl.Series([[None], []], dtype=pl.List(pl.Null)),
        "blobs": pl.Series([[b"\xff"], [None]]),
        "moments": pl.Series([[MOST], [LEAST]]).cast(pl.List(pl.Datetime("ms"))),
        "day_array": pl.Series([[1], [2]], dtype=pl.Array(pl.Int32, 1)).cast(pl.Array(pl.Date, 1)),
        "lasted": pl.DataFrame({"t": physical(pl.Duration("ms"), MOST, LEAST)}).to_struct(),
    }
    for unit in UNITS:
        columns[f"duration_{unit}"] = physical(pl.Duration(unit), MOST, LEAST)
        for zone in ZONES:
            columns[f"at_{unit}_{zone}"] = physical(pl.Datetime(unit, zone), MOST, LEAST)
    return pl.DataFrame(columns)


SOURCE = """\
type: ct_assets.components.SourceTable
attributes:
  asset: shop/customer
  file: customer.parquet
"""
PEOPLE = """\
type: ct_assets.components.ClevertapSync
attributes:
  name: customers
  object: profile
  source: shop/customer
  identify_by: [{identity: id}]
  fields: {i: i64, Name: date, Born: {column: at_us_UTC, type: date}}
  max_rejected: 1
"""


@pytest.fixture
def every(shop: Shop) -> Shop:
    extremes().write_parquet(shop.root / "customer.parquet")
    (shop.package / "defs" / "shop" / "defs.yaml").write_text(SOURCE)
    (shop.package / "defs" / "purchases" / "defs.yaml").unlink()
    (shop.package / "defs" / "customers" / "defs.yaml").write_text(PEOPLE)
    return shop


def test_rows_of_every_type_are_shown(every: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    for call in (("preview",), ("plan",), ("explain", "--key", "2")):
        result = every.call(call[0], "customers", *call[1:])
        assert result.exit_code == 0, result.output
        assert "Traceback" not in result.output
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.parametrize("name", extremes().columns[1:])
def test_every_column_by_itself_is_sent_or_refused_in_words(
    capfd: pytest.CaptureFixture[str], name: str
) -> None:
    rows = extremes().select(pl.lit("a").alias("id") + pl.int_range(pl.len()).cast(pl.String), name)

    try:
        outcome = profiles(rows.rename({name: "given"}), {"Custom": "given"})
    except SchemaError as error:
        refused = str(error)
        expected = "Sync s: Custom is given a column of type"
        assert refused.startswith(expected)
    else:
        assert outcome.counts.source == 2
        shown_rows(outcome.rejected.drop("reasons"))
    assert capfd.readouterr().err == ""


def test_dates_beyond_the_calendar_are_told_as_numbers() -> None:
    frame = extremes().select("date", "at_us_None", "struct", "days", "time", "cents")

    assert shown_rows(frame) == [
        {
            "date": "after the year 9999 (2147483647 days since 1970)",
            "at_us_None": "after the year 9999 (9223372036854775807 us since 1970)",
            "struct": {"day": "after the year 9999 (2147483647 days since 1970)"},
            "days": ["after the year 9999 (2147483647 days since 1970)"],
            "time": "23:59:59.999999",
            "cents": "0.00000000000000000001",
        },
        {
            "date": "before the year 1 (-2147483648 days since 1970)",
            "at_us_None": "before the year 1 (-9223372036854775807 us since 1970)",
            "struct": {"day": "before the year 1 (-2147483648 days since 1970)"},
            "days": ["before the year 1 (-2147483648 days since 1970)"],
            "time": "00:00:00",
            "cents": None,
        },
    ]


@pytest.mark.parametrize("name", ["rows.json", "rows.csv", "rows.parquet"])
def test_rows_of_every_type_are_exported(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    write(extremes().lazy(), Export("text", tmp_path / name, 0), lambda _: ())

    exported = capfd.readouterr()
    assert exported.out == f"2 rows written to {tmp_path / name}\n"
    assert exported.err == ""


def test_bytes_are_told_in_hexadecimal_digits() -> None:
    assert shown_rows(extremes().select("binary", "blobs")) == [
        {"binary": "ff00", "blobs": ["ff"]},
        {"binary": None, "blobs": [None]},
    ]
