from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ct_assets.sources import watermark
from ct_assets.sources.file_snapshot import snapshot
from ct_assets.sources.formats import FileError

UTC_MS, PARIS_US = pa.timestamp("ms", "UTC"), pa.timestamp("us", "Europe/Paris")
NOON = datetime(2024, 1, 31, 12)


def written(folder: Path, *tables: Any) -> list[Path]:
    """Files of these tables, as pyarrow writes them."""
    files = [folder / f"{name}.parquet" for name, _ in zip("abc", tables, strict=False)]
    for file, table in zip(files, tables, strict=True):
        pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), file)
    return files


def read(folder: Path, *tables: Any, types: Mapping[str, str] | None = None) -> pl.DataFrame:
    files = written(folder, *tables)
    snapshot(files, folder / "out", types=types or {})
    return pl.read_parquet(folder / "out")


def decimals(digits: int, places: int, *values: str) -> Any:
    return pa.array([Decimal(value) for value in values], pa.decimal128(digits, places))


@pytest.mark.parametrize(
    ("one", "other", "dtype", "values"),
    [
        (pa.array([1], pa.int32()), pa.array([2**40]), pl.Int64(), [1, 2**40]),
        (pa.array([1], pa.int8()), pa.array([-7], pa.int16()), pl.Int16(), [1, -7]),
        (pa.array([255], pa.uint8()), pa.array([-7], pa.int8()), pl.Int16(), [255, -7]),
        (pa.array([2**32 - 1], pa.uint32()), pa.array([-1], pa.int32()), pl.Int64(),
         [2**32 - 1, -1]),
        (pa.array([2**64 - 1], pa.uint64()), pa.array([-1]), pl.Int128(), [2**64 - 1, -1]),
        (pa.array([7]), pa.array([1.5]), pl.Float64(), [7.0, 1.5]),
        (pa.array([2**53]), pa.array([None, 1.5]), pl.Float64(), [2.0**53, None, 1.5]),
        (pa.array([0.1], pa.float32()), pa.array([0.2]), pl.Float64(), [0.1, 0.2]),
        (decimals(9, 2, "1.25"), decimals(18, 2, "-2.50"), pl.Decimal(18, 2),
         [Decimal("1.25"), Decimal("-2.50")]),
        (decimals(9, 2, "1.25"), decimals(9, 4, "2.0625"), pl.Decimal(11, 4),
         [Decimal("1.2500"), Decimal("2.0625")]),
        (decimals(9, 2, "1.25"), pa.array([2**63 - 1]), pl.Decimal(21, 2),
         [Decimal("1.25"), Decimal(2**63 - 1)]),
        (pa.array([NOON], pa.timestamp("ms")), pa.array([NOON], pa.timestamp("us")),
         pl.Datetime("us"), [NOON, NOON]),
        (pa.array([NOON], pa.timestamp("ns")), pa.array([datetime(9999, 12, 31)],
         pa.timestamp("us")), pl.Datetime("us"), [NOON, datetime(9999, 12, 31)]),
        (pa.array([NOON], UTC_MS), pa.array([NOON], PARIS_US), pl.Datetime("us", "UTC"),
         [NOON.replace(tzinfo=UTC)] * 2),
        (pa.array([None]), pa.array([date(2024, 1, 31)]), pl.Date(), [None, date(2024, 1, 31)]),
        (pa.array([None]), pa.array([{"a": [1]}]), pl.Struct({"a": pl.List(pl.Int64)}),
         [None, {"a": [1]}]),
        (pa.array(["a"]).dictionary_encode(), pa.array(["b"]), pl.String(), ["a", "b"]),
        (pa.array([[1]], pa.list_(pa.int32())), pa.array([[2**40], None]), pl.List(pl.Int64()),
         [[1], [2**40], None]),
        (pa.array([{"a": 1}]), pa.array([{"b": "x", "a": 2}]),
         pl.Struct({"a": pl.Int64, "b": pl.String}), [{"a": 1, "b": None}, {"a": 2, "b": "x"}]),
    ],
)  # fmt: skip
def test_a_column_gets_the_type_that_holds_the_values_of_all_files(
    tmp_path: Path, one: Any, other: Any, dtype: pl.DataType, values: list[Any]
) -> None:
    frame = read(tmp_path, {"v": one}, {"v": other})

    assert frame.schema == {"v": dtype}
    assert frame["v"].to_list() == values
    mirrored = read(tmp_path, {"v": other}, {"v": one})
    assert mirrored["v"].sort().to_list() == frame["v"].sort().to_list()
    assert isinstance(mirrored["v"].dtype, type(dtype))


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (pa.array([1]), pa.array(["1"]), "'v' is Int64 in a.parquet and String in b.parquet"),
        (pa.array([True]), pa.array([1]), "'v' is Boolean in a.parquet and Int64 in b.parquet"),
        (pa.array([date(2024, 1, 1)]), pa.array([NOON]), "'v' is Date in a.parquet and Datetime("),
        (pa.array([NOON], pa.timestamp("us")), pa.array([NOON], UTC_MS), "'v' is Datetime(time_unit"
         "='us', time_zone=None) in a.parquet and Datetime(time_unit='ms', time_zone='UTC') in b"),
        (decimals(38, 2, "1.25"), decimals(38, 4, "2.0625"), "'v' is Decimal(precision=38, scale=2)"
         " in a.parquet and Decimal(precision=38, scale=4) in b.parquet"),
        (decimals(9, 2, "1.25"), pa.array([1.5]), "'v' is Decimal(precision=9, scale=2) in a"),
        (pa.array([2**53 + 1]), pa.array([1.5]), "'v' is Int64 beyond 2^53 in a.parquet and Float64"
         " in b.parquet"),
        (pa.array([1.5]), pa.array([-(2**53) - 1]), "'v' is Float64 in a.parquet and Int64 beyond "
         "2^53 in b.parquet"),
        (pa.array([[1]]), pa.array([["x"]]), "'v' is List(Int64) in a.parquet and List(String) in"),
        (pa.array([[1]]), pa.array([[1.5]]), "'v' is List(Int64) in a.parquet and List(Float64)"),
        (pa.array([b"x"]), pa.array(["x"]), "'v' is Binary in a.parquet and String in b.parquet"),
    ],
)  # fmt: skip
def test_values_that_no_type_holds_are_refused_with_file_and_column(
    tmp_path: Path, one: Any, other: Any, told: str
) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path, {"id": [1], "v": one}, {"id": [2], "v": other})

    start = "a.parquet and 1 more: these files have different columns or types: "
    assert str(caught.value).startswith(start + told)
    assert str(caught.value).endswith("; declare each kind as a source of its own")


def test_columns_go_by_their_names_and_are_null_where_a_file_lacks_them(tmp_path: Path) -> None:
    files = written(
        tmp_path,
        {"id": [1], "name": ["Ann"]},
        {"mail": ["b@x.in"], "name": ["Bo"], "id": [2]},
        {"id": [3]},
    )
    told: list[str] = []

    snapshot(files, tmp_path / "out", types={}, tell=told.append)

    frame = pl.read_parquet(tmp_path / "out")
    assert frame.columns == ["id", "name", "mail"]
    assert frame.rows() == [(1, "Ann", None), (2, "Bo", "b@x.in"), (3, None, None)]
    assert told == [
        "a.parquet and 2 more: column 'mail' is not in a.parquet and 1 more, and null there",
        "a.parquet and 2 more: column 'name' is not in c.parquet, and null there",
    ]
    assert watermark.largest(files, "mail", types={}) == "b@x.in"
    assert watermark.count(files, ("id", "1"), types={}) == 2


def test_columns_of_declared_types_are_read_by_their_text(tmp_path: Path) -> None:
    frame = read(
        tmp_path,
        {"id": [1], "at": pa.array([NOON], pa.timestamp("us"))},
        {"id": ["0171"], "at": ["2024-01-31"]},
        {"id": [2.0]},
        types={"id": "integer", "at": "datetime"},
    )

    assert frame.rows() == [(1, NOON), (171, datetime(2024, 1, 31)), (2, None)]


def test_timestamps_of_spark_beside_those_of_others(tmp_path: Path) -> None:
    far = datetime(9999, 12, 31, 23, 59, 59)
    files = written(tmp_path, {"at": pa.array([NOON], pa.timestamp("us"))})
    files.append(tmp_path / "spark.parquet")
    table = pa.table({"n": [1], "at": pa.array([far], pa.timestamp("us"))})
    pq.write_table(table, files[1], use_deprecated_int96_timestamps=True)

    snapshot(files, tmp_path / "out", types={})

    assert pl.read_parquet(tmp_path / "out").rows() == [(NOON, None), (far, 1)]
