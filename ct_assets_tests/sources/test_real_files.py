"""Files as other programs write them: what they hold arrives, or is refused with a reason."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ct_assets.sources import watermark
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.file_kind import matching
from ct_assets.sources.file_snapshot import snapshot
from ct_assets.sources.source import parse
from ct_assets.staging import Staging
from ct_assets_tests.mapping.splitting import profiles
from ct_assets_tests.sources.real_files_kit import read, refused

MOMENTS = [
    datetime(9999, 12, 31, 23, 59, 59),
    datetime(1000, 1, 1),
    datetime(1, 1, 1),
    datetime(2500, 1, 1),
    datetime(2024, 1, 31, 17, 30, 0, 999999),
    datetime(1969, 12, 31, 23, 59, 59, 500000),
    None,
]

SENT = ["$D_253402300799", "$D_-30610224000", None, "$D_16725225600", "$D_1706722200", "$D_-1"]
INT96 = {"use_deprecated_int96_timestamps": True, "store_schema": False}
MICROSECONDS = {"coerce_timestamps": "us", "store_schema": False}


@pytest.mark.parametrize(
    "how",
    [
        INT96,
        {**INT96, "store_schema": True},
        {**INT96, "flavor": "spark"},
        {**INT96, "use_dictionary": False, "compression": "gzip"},
        MICROSECONDS,
        {**MICROSECONDS, "coerce_timestamps": "ms", "allow_truncated_timestamps": True},
    ],
    ids=lambda how: "-".join(how),
)
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_timestamps_of_every_writer_are_the_same(
    tmp_path: Path, how: dict[str, Any], zone: str | None
) -> None:
    """INT96 are read as nanoseconds by most programs, which ends them in the year 2262."""
    ids = [f"p{place}" for place in range(len(MOMENTS))]
    moments = [(m and zone and m.replace(tzinfo=UTC)) or m for m in MOMENTS]
    column = pa.array(moments, pa.timestamp("us", zone))
    pq.write_table(pa.table({"id": ids, "on": column}), tmp_path / "a.parquet", **how)

    outcome = profiles(read(tmp_path, "a.parquet"), {"Seen": {"column": "on", "type": "date"}})

    sent = {row["identity"]: data.get("Seen") for row, data in
            zip(outcome.records, outcome.data, strict=True)}  # fmt: skip
    assert sent == {i: s for i, s in zip(ids, [*SENT, None], strict=True) if i != "p2"}
    assert outcome.reasons == [[("Seen", "date_out_of_range")]]


def test_int96_inside_of_lists_and_structs_and_beside_nanoseconds(tmp_path: Path) -> None:
    moments = pa.array([MOMENTS[0]], pa.timestamp("us"))
    table = pa.table(
        {
            "list": pa.array([[MOMENTS[0]]], pa.list_(pa.timestamp("us"))),
            "struct": pa.StructArray.from_arrays([moments], ["at"]),
            "plain": moments,
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", **INT96)

    assert read(tmp_path, "a.parquet").row(0) == ([MOMENTS[0]], {"at": MOMENTS[0]}, MOMENTS[0])

    nanoseconds = pa.table({"at": pa.array([1706722200123456789], pa.timestamp("ns"))})
    pq.write_table(nanoseconds, tmp_path / "b.parquet", version="2.6")
    assert read(tmp_path, "b.parquet")["at"].to_physical().to_list() == [1706722200123456789]


def test_a_folder_of_spark(tmp_path: Path) -> None:
    """Parts, some of them empty, beside its mark of success and checksums."""
    for part, rows in enumerate([MOMENTS[:2], [], MOMENTS[3:4]]):
        column = pa.array(rows, pa.timestamp("us"))
        name = f"part-{part:05}-3a1e.c000.snappy.parquet"
        pq.write_table(pa.table({"on": column}), tmp_path / name, flavor="spark", **INT96)
        (tmp_path / f".{name}.crc").write_bytes(b"crc\0\0")
    (tmp_path / "_SUCCESS").touch()

    assert read(tmp_path, "part-*.parquet")["on"].to_list() == [*MOMENTS[:2], MOMENTS[3]]
    files = matching("part-*.parquet", tmp_path)
    assert watermark.largest(files, "on", types={}) == "9999-12-31 23:59:59"
    assert watermark.count(files, ("on", "2400-01-01 00:00:00"), types={}) == 2


def test_nothing_of_pandas_is_a_value(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "word": pd.Series(["x", None, np.nan], dtype=object),
            "number": [1.5, np.nan, None],
            "whole": pd.array([1, None, pd.NA], dtype="Int64"),
            "on": [pd.Timestamp("2024-01-31 17:30"), pd.NaT, None],
        }
    )
    rows.to_parquet(tmp_path / "a.parquet")
    rows.to_csv(tmp_path / "a.csv", index=False)

    assert read(tmp_path, "a.parquet").rows()[1:] == [("b", *[None] * 4), ("c", *[None] * 4)]
    assert read(tmp_path, "a.csv").rows() == [
        ("a", "x", "1.5", "1", "2024-01-31 17:30:00"),
        ("b", *[None] * 4),
        ("c", *[None] * 4),
    ]


def test_text_of_pandas_nothing_is_nobody(tmp_path: Path) -> None:
    """`astype(str)` makes words of what is missing."""
    people = pd.Series([None, np.nan, pd.NaT, pd.NA, "171"], dtype=object).map(str)
    people.to_frame("id").to_csv(tmp_path / "a.csv", index=False)

    outcome = profiles(read(tmp_path, "a.csv"))

    assert [record["identity"] for record in outcome.records] == ["171"]
    assert outcome.reasons == [[("identity", "identity_junk")]] * 4


BIG = pa.decimal256(76, 38)
UNREAD = "a decimal of 76 digits, and 38 are read; write it as text"


def test_a_column_that_nobody_can_read_leaves_the_others(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As BigQuery writes its BIGNUMERIC."""
    rows = pa.table({"id": ["1"], "big": pa.array([Decimal("1.5")], BIG), "name": ["Ann"]})
    pq.write_table(rows, tmp_path / "a.parquet")

    left_out = snapshot([tmp_path / "a.parquet"], tmp_path / "out.parquet", types={})

    assert left_out == {"big": UNREAD}
    assert pl.read_parquet(tmp_path / "out.parquet").to_dicts() == [{"id": "1", "name": "Ann"}]
    assert capfd.readouterr() == ("", "")


def test_it_is_told_by_name_where_the_source_is_read(tmp_path: Path) -> None:
    rows = pa.table({"id": ["1"], "big": pa.array([Decimal("1.5")], BIG)})
    pq.write_table(rows, tmp_path / "a.parquet")
    source = DeclaredSource(parse({"asset": "a", "file": "a.parquet"}), tmp_path, tmp_path)
    staging = Staging(tmp_path / "staging")

    with staging.draft(("a",)) as draft:
        left_out = source.snapshot(draft, Warehouse(tmp_path / "none.duckdb"))

    assert left_out == {"big": UNREAD}


def _twice() -> pa.Table:
    return pa.table([pa.array(["1"]), pa.array(["2"])], names=["v", "v"])


def _no_text() -> pa.Table:
    raw = pa.array([b"ok", b"\xff\xfe"], pa.binary()).buffers()
    return pa.table({"id": ["1", "2"], "v": pa.StringArray.from_buffers(2, raw[1], raw[2])})


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        (_twice, "the file has the column 'v' twice; give each column a name of its own"),
        (_no_text, "column 'v' of the file has text that is not UTF-8; write it as UTF-8"),
    ],
)
def test_a_parquet_file_that_cannot_be_read_names_the_column(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    table: Callable[[], pa.Table],
    wrong: str,
) -> None:
    pq.write_table(table(), tmp_path / "a.parquet")

    assert refused(tmp_path, "a.parquet").startswith(f"a.parquet: {wrong}")
    assert "panicked" not in capfd.readouterr().err


@pytest.mark.parametrize("damage", [slice(200, 400), slice(-60, -20)], ids=["rows", "footer"])
def test_a_parquet_file_that_is_damaged_is_told_so(tmp_path: Path, damage: slice) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [str(n) * 5 for n in range(5000)]}), file, compression="zstd")
    content = bytearray(file.read_bytes())
    content[damage] = bytes(byte ^ 0x5A for byte in content[damage])
    file.write_bytes(content)

    assert refused(tmp_path, "a.parquet") == (
        "a.parquet: the file is a Parquet file that is damaged inside; write it again"
    )


def test_moments_with_an_offset_for_a_time_zone_are_read_in_utc(tmp_path: Path) -> None:
    """As pandas writes those of text such as 2024-01-31T10:00:00+05:30."""
    moment = datetime(2024, 1, 31, 4, 30, tzinfo=UTC)
    columns = {
        "at": pa.array([moment, None], pa.timestamp("us", "+05:30")),
        "all": pa.array([[moment], None], pa.list_(pa.timestamp("ms", "-03:30"))),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")

    snapshot([tmp_path / "a.parquet"], tmp_path / "out.parquet", types={})

    rows = pl.read_parquet(tmp_path / "out.parquet")
    assert rows.schema == {"at": pl.Datetime("us", "UTC"), "all": pl.List(pl.Datetime("ms", "UTC"))}
    assert rows.rows() == [(moment, [moment]), (None, None)]


def test_identifiers_and_json_of_duckdb_and_arrow_are_text(tmp_path: Path) -> None:
    code = "123e4567-e89b-12d3-a456-426614174000"
    made = f"""select '{code}'::uuid as id, '{{"a":1}}'::json as extra, 1 as n
        union all select null, null, 2 order by n"""
    duckdb.execute(f"copy ({made}) to '{tmp_path / 'a.parquet'}'")
    bytes_of = pa.array([UUID(code).bytes, None], pa.uuid())
    arrow = pa.table({"id": bytes_of, "extra": pa.array(['{"a":1}', None], pa.json_())})
    pq.write_table(arrow.append_column("n", pa.array([1, 2])), tmp_path / "b.parquet")

    for file in ("a.parquet", "b.parquet"):
        frame = read(tmp_path, file)

        assert frame.rows() == [(code, '{"a":1}', 1), (None, None, 2)]
        assert frame.dtypes[:2] == [pl.String, pl.String]
