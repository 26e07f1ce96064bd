"""Files as other programs write them: what they hold arrives, or is refused with a reason."""

from collections.abc import Callable, Sequence
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
from ct_assets.sources.formats import CsvSettings, FileError
from ct_assets.sources.source import parse
from ct_assets.staging import Staging
from ct_assets_tests.mapping.splitting import profiles


def read(folder: Path, pattern: str, **settings: Any) -> pl.DataFrame:
    types = settings.pop("types", {})
    snapshot(
        matching(pattern, folder),
        folder / "staged.parquet",
        types=types,
        settings=CsvSettings(**settings),
    )
    return pl.read_parquet(folder / "staged.parquet")


def refused(folder: Path, pattern: str, **settings: Any) -> str:
    with pytest.raises(FileError) as caught:
        read(folder, pattern, **settings)
    return str(caught.value)


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


INSIDE = "has a quote inside a value in quotes; double it, or declare `escape`"
ESCAPED = "has a quote behind a backslash; declare `escape: '\\'`, or double such quotes"
STRAY = "has a quote inside a value that is not in quotes; put the value into quotes and double"
BLANK = "has a blank between a quote and the separator or the end of the line; take it out, so that"
CRCRLF = "ends in CR CR LF; save the file with line ends of LF or CRLF"

# What a file holds, how it is declared, and the rows or the refusal.
FILES: Sequence[tuple[bytes, dict[str, Any], list[tuple[str | None, ...]] | str]] = [
    (b'id,n\n1,"Ann ""A"" Bell"\n', {}, [("1", 'Ann "A" Bell')]),
    (b'id,n\n1,"Ann "A" Bell"\n', {}, f"line 2 {INSIDE}"),
    (b'id,n\n1,"Ann "A""\n', {}, f"line 2 {INSIDE}"),
    (b'id,n\n1,""Ann""\n', {}, f"line 2 {INSIDE}"),
    (b'id,n\n1,Ann "A" Bell\n', {}, f"line 2 {STRAY}"),
    (b'id,n\n1, "Ann"\n', {}, f"line 2 {BLANK}"),
    (b'id, "n"\n1,x\n', {}, f"line 1 {BLANK}"),
    (b'id,n\n1,"Ann"  \r\n', {}, f"line 2 {BLANK}"),
    (b'id,n,m\n1,"Ann" ,x\n', {}, f"line 2 {BLANK}"),
    (b'id,n\n1,"Ann" ', {}, f"line 2 {BLANK}"),
    (b'id,n\n1,"a " ", c"\n', {}, f"line 2 {INSIDE}"),
    (b'id,n\n1,a "b"\n', {}, f"line 2 {STRAY}"),
    (b'id,n\n1,5\'6" x 7"\n', {}, f"line 2 {STRAY}"),
    (b'id,n\n1,5\'6" x 7"\n', {"quote": "none"}, [("1", "5'6\" x 7\"")]),
    (b'id,n\n1,"Ann \\"A\\" Bell"\n', {}, f"line 2 {ESCAPED}"),
    (b'id,n\n1,"Ann \\"A\\" Bell"\n', {"escape": "\\"}, [("1", 'Ann "A" Bell')]),
    (b'id,n\n1,"{\\"a\\": 1}"\n', {}, f"line 2 {ESCAPED}"),
    (b'id,n\n1,"{\\"a\\": 1}"\n', {"escape": "\\"}, [("1", '{"a": 1}')]),
    (b'id,n\n1,"a\\\\b\\"c"\n2,"C:\\dir"\n', {"escape": "\\"}, [("1", 'a\\b"c'), ("2", "C:\\dir")]),
    (b'id,n\n1,"a\\\\"\n2,b\\,c\n', {"escape": "\\"}, [("1", "a\\"), ("2", "b,c")]),
    (b'id,n\n1,a\\\nb\n2,\\\\\n', {"escape": "\\"}, [("1", "a\nb"), ("2", "\\")]),
    (b'id,n\n1,"a ^" b"\n', {"escape": "^"}, [("1", 'a " b')]),
    (b'id,n\n1,"a ""b"" c"\n', {"escape": '"'}, [("1", 'a "b" c')]),
    (b"id,n\n1,'a, ''b'''\n2,\"x\"\n", {"quote": "'"}, [("1", "a, 'b'"), ("2", '"x"')]),
    (b"id,n\n1,'a'b'\n", {"quote": "'"}, f"line 2 {INSIDE}"),
    (b"id,n\n1,x\r\r\n", {}, f"line 2 {CRCRLF}"),
    (b"id,n\r\r\n1,x\r\r\n", {}, f"line 1 {CRCRLF}"),
    (b'id,n\r\n1,"x\r\r\ny"\r\n', {}, [("1", "x\r\r\ny")]),
    (b'id,n\r\n1,"x\r"\r\n', {}, [("1", "x\r")]),
    (b'\xef\xbb\xbf"id","n"\r\n"1","x"\r\n', {}, [("1", "x")]),
    (b'id,n\n1,"a\nb"\n2,"c"d"\n', {}, f"line 4 {INSIDE}"),
    (b'id,n\n1,"a\n2,b\n', {}, "line 2 has a quote that is opened and never closed"),
    (b"id,n\n1,\\N\n2,NULL\n3,N\n", {"nulls": ("\\N", "NULL")},
     [("1", None), ("2", None), ("3", "N")]),
    (b'id,n\n1,\\N\n2,"\\\\N"\n', {"nulls": ("\\N",), "escape": "\\"}, [("1", None), ("2", "\\N")]),
    (b'id,n\n1,""\n2,\n3," "\n', {}, [("1", ""), ("2", None), ("3", " ")]),
    (b'id,n\n1,""\n2,\n3,NULL\n', {"nulls": ("NULL",)}, [("1", ""), ("2", None), ("3", None)]),
    (b'id,n\n1,""\n2,\n3,NULL\n', {"nulls": ("", "NULL")},
     [("1", None), ("2", None), ("3", None)]),
    (b"id\tn\n1\t\\N\n", {"nulls": ("\\N",), "quote": "none"}, [("1", None)]),
    (b"Report of May\n\nid;n\n1;x\n", {"skip": 2}, [("1", "x")]),
    (b'Report "of May\nid;n\n1;"x"\n', {"skip": 1}, [("1", "x")]),
    (b"Report\nid,n\n1,x\n2\n", {"skip": 1}, "line 4 has fewer fields than the header"),
    (b'Report\nid,n\n1,"x"y"\n', {"skip": 1}, f"line 3 {INSIDE}"),
    (b"id;n\n1;a;b\n", {}, "line 2 has more fields than the header; is a value with ';' in it not"),
    (b"# of May\nid,n\n1,x\n", {}, "line 2 has more fields than the header; is a value with ',' in "
     "it not in quotes? Or is line 1 no header? Then declare how many lines to `skip`"),
    (b"sep=;\nid;n\n1;x\n", {"skip": 1}, [("1", "x")]),
    (b"id\x01n\n1\x01a,b;c\n", {"separator": "\x01"}, [("1", "a,b;c")]),
    (b"id\tn\n1\ta,b\n", {"separator": "tab"}, [("1", "a,b")]),
    (b"id~n,m\n1~x\n", {"separator": "~"}, [("1", "x")]),
    ("id;n\n1;Müller €\n".encode("cp1252"), {"encoding": "windows-1252"}, [("1", "Müller €")]),
    ("id;n\n1;Müller €\n".encode("iso-8859-15"), {"encoding": "l9"}, [("1", "Müller €")]),
    ("id,n\n1,Łódź\n".encode("cp1250"), {"encoding": "windows-1250"}, [("1", "Łódź")]),
    ("id\tn\r\n1\t日本\r\n".encode("utf-16"), {"encoding": "utf-16"}, [("1", "日本")]),
    ("\ufeffid,n\n1,é\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, [("1", "é")]),
    ("id,n\n1,日本\n".encode("shift_jis"), {"encoding": "shift_jis"}, [("1", "日本")]),
    ("id,n\n1,é\n".encode(), {"encoding": "UTF8"}, [("1", "é")]),
    (b"id,n\n1,x\n2,\x81\n", {"encoding": "windows-1252"}, "line 3 is no text in windows-1252"),
    ("id;n\n1;\"Mü\\\"l\"\n".encode("cp1252"), {"encoding": "cp1252", "escape": "\\"},
     [("1", 'Mü"l')]),
]  # fmt: skip


OTHERS = [
    (b"PAR1\x15\x04PAR1", "a Parquet file; declare `format: parquet`"),
    (
        b"PK\x03\x04\x14\x00[Content_Types].xml",
        "a zip file, as those of Excel are; save its table as",
    ),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "a file of Excel; save its table as CSV"),
    (b"<!DOCTYPE html>\n<html>\n", "a page of HTML, such as that of a login, and no table"),
    (b"\xef\xbb\xbf<?xml version='1.0'?>\n", "XML, and no table; save it as CSV"),
    (b'{"id":1}\n{"id":2}\n', "JSON; declare `format: ndjson` if each line has one object"),
    (
        b'[{"id":1},{"id":2}]\n',
        "JSON; write each object on a line of its own, and declare `format:",
    ),
]


@pytest.mark.parametrize(("content", "kind"), OTHERS)
def test_what_is_no_csv_is_told_by_what_it_is(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    assert refused(tmp_path, "a.csv").startswith(f"a.csv: the file is {kind}")


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


@pytest.mark.parametrize("value", ["12345678901234567890.5", "0.1234567890123456789", "1e-400"])
def test_a_number_that_a_float_would_change_is_none(tmp_path: Path, value: str) -> None:
    """As a field of type float rejects it."""
    (tmp_path / "a.csv").write_text(f"id,v\n1,0.1\n2,{value}\n")

    assert refused(tmp_path, "a.csv", types={"v": "float"}).startswith(
        "a.csv: column 'v' has a value that is no float, or that a float would change, the first "
        "in row 2; correct them"
    )


@pytest.mark.parametrize(("content", "settings", "expected"), FILES)
def test_csv_of_every_writer(
    tmp_path: Path, content: bytes, settings: dict[str, Any], expected: object
) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    if isinstance(expected, str):
        assert refused(tmp_path, "a.csv", **settings).startswith(f"a.csv: {expected}")
    else:
        assert read(tmp_path, "a.csv", **settings).rows() == expected


def test_settings_hold_for_a_column_that_is_watched(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("Bericht\nid;größe\n1;9\n2;10\n".encode("cp1252"))
    settings = CsvSettings(encoding="windows-1252", skip=1)
    files = [tmp_path / "a.csv"]

    assert watermark.largest(files, "größe", types={}, settings=settings) == "10"
    assert watermark.count(files, ("größe", "9"), types={}, settings=settings) == 1


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
