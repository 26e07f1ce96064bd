from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ct_assets.sources.file_snapshot import snapshot
from ct_assets.sources.formats import CsvSettings, FileError
from ct_assets_tests.sources.snapshot_kit import read

PEOPLE = 'id,ok,born,seen\n0171,Yes,2001-02-03,2026-01-02T03:04:05\n2,,,"2026-01-02 03:04"\n'


def test_columns_of_a_csv_are_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(PEOPLE)

    rows = read(tmp_path)

    assert set(rows.dtypes) == {pl.String()}
    assert rows["id"].to_list() == ["0171", "2"]
    assert rows["ok"].to_list() == ["Yes", None]


def test_types_are_declared(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(PEOPLE)
    types = {"id": "integer", "ok": "boolean", "born": "date", "seen": "datetime"}

    rows = read(tmp_path, types=types)

    expected = pl.DataFrame(
        {
            "id": [171, 2],
            "ok": [True, None],
            "born": [date(2001, 2, 3), None],
            "seen": [datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4)],
        }
    )
    assert_frame_equal(rows, expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", 5),
        ("float", 5.0),
        ("string", " 5 "),
        ("boolean", True),
        ("date", date(2024, 1, 31)),
        ("datetime", datetime(2024, 1, 31)),
    ],
)
def test_blanks_around_a_value_do_not_matter_to_its_type(
    tmp_path: Path, kind: str, value: object
) -> None:
    written = {"boolean": "yes", "date": "2024-01-31", "datetime": "2024-01-31"}.get(kind, "5")
    (tmp_path / "a.csv").write_text(f'id,v\n1," {written} "\n2," "\n3,""\n4,\n')

    blanks = [" ", ""] if kind == "string" else [None, None]
    assert read(tmp_path, types={"v": kind})["v"].to_list() == [value, *blanks, None]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"\xef\xbb\xbfid,name\n1,Ada\n", [("1", "Ada")]),
        (b"id,name\r\n1,Ada\r\n", [("1", "Ada")]),
        (b"id;name\n1;Ada, B.\n", [("1", "Ada, B.")]),
        (b"id\tname\n1\tAda\n", [("1", "Ada")]),
        (b'id|"a,b,c"\n1|Ada\n', [("1", "Ada")]),
        (b'id,name\n1,"Ada\nB. ""C"""\n', [("1", 'Ada\nB. "C"')]),
        (b'id,name\n1,""\n2,\n', [("1", ""), ("2", None)]),
        (b"id,name\n1,Ada\n\n2,Bob\n\n", [("1", "Ada"), ("2", "Bob")]),
        (b"id,name\n1,\n", [("1", None)]),
        (b'id,name\r\n1,"Ada\r\nB."\r\n\r\n2,\r\n', [("1", "Ada\r\nB."), ("2", None)]),
        (b'id;name\n1;"a;b"\n2;', [("1", "a;b"), ("2", None)]),
        (b"id,name", []),
        (b"id\n1\n\n", [("1",), (None,)]),
    ],
)
def test_the_ways_of_writing_a_csv(
    tmp_path: Path, content: bytes, rows: list[tuple[str | None, ...]]
) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    assert read(tmp_path).rows() == rows


# As a field of that type in a sync reads it (`mapping.convert`).
@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "42.0", 42),
        ("integer", "-7.000", -7),
        ("integer", "+5", 5),
        ("float", "1e3", 1000.0),
        *(("boolean", word, True) for word in ("y", "Y", "on", "ON", "yes", "true", "t", "1")),
        *(("boolean", word, False) for word in ("n", "N", "off", "no", "false", "f", "0")),
        ("date", "2024-01-31", date(2024, 1, 31)),
        ("date", "2024-01-31 00:00:00", date(2024, 1, 31)),
        ("datetime", "2024-01-31T17:30:00Z", datetime(2024, 1, 31, 17, 30, tzinfo=UTC)),
        ("datetime", "2024-01-31 23:00+05:30", datetime(2024, 1, 31, 17, 30, tzinfo=UTC)),
        ("datetime", "2024-01-31 17:30:00 UTC", datetime(2024, 1, 31, 17, 30, tzinfo=UTC)),
        ("datetime", "2024-01-31 12:30:00.5 -0500", datetime(2024, 1, 31, 17, 30, 0, 500000, UTC)),
        ("datetime", "2024-01-31 17:30:00.123456", datetime(2024, 1, 31, 17, 30, 0, 123456)),
    ],
)
def test_types_take_what_fields_take(tmp_path: Path, kind: str, text: str, value: object) -> None:
    (tmp_path / "a.csv").write_text(f"id,v\n1,{text}\n2,\n")

    assert read(tmp_path, types={"v": kind})["v"].to_list() == [value, None]


@pytest.mark.parametrize(
    ("kind", "values", "wrong"),
    [
        ("integer", ["42.5"], "a value that is no integer, the first in row 1;"),
        ("boolean", ["y", "N", "on", "maybe"], "a value that is no boolean, the first in row 4;"),
        ("integer", ["x", *["1"] * 5000, "x"], "2 values that are no integer, the first in row 1;"),
        ("date", ["2024-01-31 17:30:00"], "a value that is no date, the first in row 1;"),
        ("datetime", ["2024-01-31T17:30:00Z", "2024-01-31 17:30"], "times with a time zone and"),
    ],
)  # fmt: skip
def test_the_first_bad_cell_is_named_by_its_row(
    tmp_path: Path, kind: str, values: list[str], wrong: str
) -> None:
    (tmp_path / "a.csv").write_text(
        "\n".join(["id,v", *(f"{n},{v}" for n, v in enumerate(values))])
    )

    with pytest.raises(FileError) as caught:
        read(tmp_path, types={"v": kind})

    assert f"a.csv: column 'v' has {wrong}" in str(caught.value)


def test_of_many_files_the_bad_cell_is_named_by_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("v\n1\n2\n")
    (tmp_path / "b.csv").write_text("v\n1\nx\n")

    with pytest.raises(FileError, match=r"no integer, the first in row 2 of b\.csv;"):
        read(tmp_path, types={"v": "integer"})


def test_of_lines_of_json_the_bad_cell_is_named_where_a_file_lacks_the_column(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.ndjson").write_text('{"id": 1}\n')
    (tmp_path / "b.ndjson").write_text('{"id": 2, "age": "7"}\n{"id": 3, "age": "secret"}\n')

    with pytest.raises(FileError, match=r"'age' has a value that is no .* in row 2 of b.ndjson;"):
        read(tmp_path, "*.ndjson", {"age": "integer"})


def test_a_file_of_fewer_lines_than_are_to_be_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;n\n", "utf-16")
    settings = CsvSettings(encoding="utf-16", escape="\\", skip=3)

    with pytest.raises(FileError, match=r"a\.csv: the file is empty, it has no header"):
        snapshot([tmp_path / "a.csv"], tmp_path / "out", types={}, settings=settings)


def test_hidden_files_are_no_part_of_a_glob(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n\n1\n")
    (tmp_path / "._a.csv").write_bytes(b"\0\5\26\7")

    assert read(tmp_path)["n"].to_list() == ["1"]


def test_a_glob_reads_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("n\n2\n")
    (tmp_path / "a.csv").write_text("n\n1\n")

    assert read(tmp_path)["n"].to_list() == ["1", "2"]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    pl.DataFrame({"n": [1], "tags": [["x"]]}).write_parquet(tmp_path / "a.parquet")

    assert read(tmp_path, "a.parquet").schema == {"n": pl.Int64, "tags": pl.List(pl.String)}
