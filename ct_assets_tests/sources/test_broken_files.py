"""Files that are not whole, or not what their name says, are told with their place."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from ct_assets.sources.file_kind import matching
from ct_assets.sources.formats import FileError
from ct_assets_tests.sources.snapshot_kit import read


@pytest.mark.parametrize(
    ("files", "types", "message"),
    [
        ({"costumer.csv": b"id\n1\n"}, {}, "no file matches 'a.csv' (looked in {})"),
        ({"a.csvx": b""}, {}, "no file matches 'a.csv' (looked in {}); did you mean 'a.csvx'?"),
        ({"a.csv": b""}, {}, "a.csv: the file is empty, it has no header"),
        ({"a.csv": b"id\n\xff\n"}, {}, "a.csv: line 2 is not UTF-8; save the file as UTF-8"),
        ({"a.csv": b'id,n\n1,sec"ret\n'}, {}, "a.csv: line 2 has a quote inside a value"),
        ({"a.csv": b"id\nx,secret\n"}, {}, "a.csv: line 2 has more fields than the header;"),
        ({"a.csv": b'id,n\n1,"secret\n'}, {}, "a.csv: line 2 has a quote that is opened"),
        ({"a.csv": b"id,n,n\n1,2,3\n"}, {}, "a.csv: the header has 'n' more than once;"),
        ({"a.csv": "id\n1\n".encode("utf-16")}, {}, "a.csv: line 1 is not UTF-8; save the file as "
         "UTF-8, or declare `encoding: utf-16`"),
        ({"a.csv": b"id\n\xfc\n"}, {}, "a.csv: line 2 is not UTF-8; save the file as UTF-8, or "
         "declare its `encoding`, such as windows-1252"),
        ({"a.csv": b"sep=;\nid;n\n1;x\n"}, {}, "a.csv: line 1 is Excel's `sep=`, no header;"),
        ({"a.csv": b"id,n\r1,2\r"}, {}, "a.csv: line 1 has a CR that no LF follows; save the"),
        ({"a.csv/b.csv": b""}, {}, "'a.csv' is a folder; name its files, such as 'a.csv/*.csv'"),
        ({"a.csv/b.x.ndjson.gz": b""}, {}, "name its files, such as 'a.csv/*.ndjson.gz'"),
        ({"a.csv": b"id,n\n1,2\n2,secret,\n"}, {}, "a.csv: line 3 ends with ',', and the header"),
        ({"a.csv": b'id;n\n1;"a\nb"\n2;secret;\n'}, {}, "a.csv: line 4 ends with ';', and the"),
        ({"a.csv": b"id\n1\n"}, {"idd": "integer"}, "(wanted by `types`); did you mean 'id'?"),
        ({"a.csv": b"id,n\n1, \n2,secret\n"}, {"n": "integer"}, "no integer, the first in row 2"),
        ({"a.csv": b"id\n1\nsecret"}, {"id": "integer"}, "no integer, the first in row 2;"),
    ],
)  # fmt: skip
def test_errors_name_the_file_and_quote_no_value(
    tmp_path: Path, files: dict[str, bytes], types: dict[str, str], message: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)

    with pytest.raises(FileError) as caught:
        read(tmp_path, "a.csv", types)

    assert message.format(tmp_path) in str(caught.value)
    assert "secret" not in str(caught.value)


CUT = b'id,Name,company,tier\n1,Ann,ACME,\n\n2,"Bo\nb",,\n2,Bob\n'
BROKEN = b"id,Name,company,tier\n1,Ann,ACME,gold\n2,Bob\nSmith,Initech,platinum\n"
SHORT = "fewer fields than the header; is the file cut off, or a line break not in quotes?"


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (CUT, f"line 6 has {SHORT}"),
        (BROKEN, f"line 3 has {SHORT}"),
        (BROKEN.replace(b"\n", b"\r\n"), f"line 3 has {SHORT}"),
        (BROKEN.replace(b",", b"\t"), f"line 3 has {SHORT}"),
        (CUT + b"3,Eve,,,,\n", "line 6 has fewer fields"),
        (b'id,n\n"1\n2",3\n4,5,6\n', "line 4 has more fields than the header;"),
        (b"id,n\n1,a\rb\n2,\n", "line 2 has a CR that no LF follows; save the file"),
        (b'"first\nname",n\n1,2\n', "the name of column 1, 'first\\nname', has the character "
         "U+000A (a line break); take it out of the header"),
        ("id,first\u00a0name\n1,2\n".encode(), "the name of column 2, 'first\\xa0name', has the "
         "character U+00A0 (NO-BREAK SPACE);"),
        (b"id,\xff\xfe\n1,2\n", "line 1 is not UTF-8; save the file as UTF-8"),
    ],
)  # fmt: skip
def test_a_csv_that_is_not_whole_says_where(tmp_path: Path, content: bytes, wrong: str) -> None:
    (tmp_path / "people[1].csv").write_bytes(content)

    with pytest.raises(FileError) as caught:
        read(tmp_path, "people[1].csv")

    assert str(caught.value).startswith(f"people[1].csv: {wrong}")


@pytest.mark.parametrize(
    ("second", "wrong"),
    [
        (b"id,n\n3\n", f"line 2 of b.csv has {SHORT}"),
        (b"id,n\n3,4,5\n", "line 2 of b.csv has more fields than the header;"),
        (b"", "b.csv is empty, it has no header"),
        (b"id;n\n3;4\n", "these files have different separators, ',' in a.csv and ';' in b.csv;"),
    ],
)
def test_of_many_csvs_the_one_that_is_not_whole_is_named(
    tmp_path: Path, second: bytes, wrong: str
) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,n\n1,\n")
    (tmp_path / "b.csv").write_bytes(second)

    with pytest.raises(FileError) as caught:
        read(tmp_path)

    assert str(caught.value).startswith(f"a.csv and 1 more: {wrong}")


@pytest.mark.parametrize("content", [b"", b"id,n\n1,2\n", None])
def test_what_is_no_whole_parquet_file_is_said_to_be_none(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "a.parquet"
    pl.DataFrame({"n": [1]}).write_parquet(file)
    file.write_bytes(file.read_bytes()[:-9] if content is None else content)

    with pytest.raises(FileError, match=r"^a\.parquet: the file is no whole Parquet file: it is"):
        read(tmp_path, "a.parquet")


def test_of_many_files_the_one_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_bytes(b"id\n1\nM\xfcller\n")

    with pytest.raises(FileError, match=r"line 3 of b\.csv is not UTF-8"):
        read(tmp_path)


def test_a_file_whose_name_looks_like_a_pattern_is_found(tmp_path: Path) -> None:
    (tmp_path / "people[1].csv").write_text("id\n1\n")
    (tmp_path / "people1.csv").write_text("id\n2\n")

    assert matching("people[1].csv", tmp_path) == [tmp_path / "people[1].csv"]


def test_a_type_that_polars_does_not_know_is_an_error_like_others(tmp_path: Path) -> None:
    file = tmp_path / "people.parquet"
    duckdb.execute(f"copy (select 1 as id, interval 1 day as since) to '{file}'")

    with pytest.raises(FileError, match="column 'since' of the file has intervals"):
        read(tmp_path, "people.parquet")


def test_files_with_other_columns_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("id,mail\n1,secret\n")

    with pytest.raises(
        FileError, match=r"a\.csv and 1 more: these files have different columns or types"
    ):
        read(tmp_path)


def test_of_many_files_the_one_that_is_broken_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"n": [1]}).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1")

    with pytest.raises(FileError, match=r"a\.parquet and 1 more: b\.parquet is no whole Parquet"):
        read(tmp_path, "*.parquet")


def test_parquet_files_with_other_types_are_not_mixed(tmp_path: Path) -> None:
    pl.DataFrame({"n": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"n": ["x"]}).write_parquet(tmp_path / "b.parquet")

    with pytest.raises(FileError, match=r"these files have different columns or types"):
        read(tmp_path, "*.parquet")


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"")

    with pytest.raises(FileError, match=r"a\.xlsx is of another kind\. Only CSV .* and Parquet"):
        read(tmp_path, "a.xlsx")
