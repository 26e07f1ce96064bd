from pathlib import Path

import polars as pl
import pytest

from ct_assets.sources.file_kind import matching
from ct_assets.sources.file_snapshot import snapshot
from ct_assets.sources.formats import NAMES, READABLE, FileError, format_named, readable
from ct_assets.sources.source import Source


def read(folder: Path, pattern: str) -> None:
    snapshot(matching(pattern, folder), folder / "staged", types={})


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", "CSV"),
        ("x/*.TSV", "CSV"),
        ("a.v2.csv.gz", "CSV"),
        ("a.jsonl", "NDJSON"),
        ("a.ndjson.gz", "NDJSON"),
        ("a.pq", "Parquet"),
        ("a.parquet.gz", None),
        ("a.gz", None),
        ("csv", None),
    ],
)
def test_the_name_of_a_file_tells_its_format(name: str, form: str | None) -> None:
    known = format_named(name)

    assert (known.name if known else None) == form
    assert readable(name) == (form is not None)


def test_texts_for_people_follow_the_formats() -> None:
    assert NAMES == "CSV, NDJSON or Parquet"
    assert READABLE == (
        "Only CSV (.csv, .tsv, .txt), NDJSON (.ndjson, .jsonl) and Parquet (.parquet, .pq) are "
        "read; CSV and NDJSON also with .gz behind."
    )
    described = Source.model_json_schema()["properties"]["file"]["description"]
    assert described == "CSV, NDJSON or Parquet, from the project's root; `*` for many alike."


@pytest.mark.parametrize(
    ("file", "tag"),
    [("a.csv.gz", "csv"), ("a.jsonl", "ndjson"), ("a.PQ", "parquet"), ("a.*", "file")],
)
def test_dagster_is_told_the_format(file: str, tag: str) -> None:
    assert Source(asset="a/b", file=file).tag == tag


def test_files_of_several_formats_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    (tmp_path / "b.ndjson").write_text('{"id":1}\n')

    with pytest.raises(FileError) as caught:
        read(tmp_path, "[ab].*")

    assert str(caught.value) == (
        "a.csv is CSV and b.ndjson is NDJSON; name files of one format, such as *.csv, and declare "
        "the others as a source of their own"
    )


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ({"id": [1]}, {"id": ["x"]}, "'id' is Int64 in a.parquet and String in b.parquet"),
        ({"id": [1]}, {"n": [1], "id": [[1]]}, "'id' is Int64 in a.parquet and List(Int64) in "
         "b.parquet"),
    ],
)  # fmt: skip
def test_unlike_files_are_told_with_file_and_column(
    tmp_path: Path, one: dict[str, list[object]], other: dict[str, list[object]], difference: str
) -> None:
    pl.DataFrame(one).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(other).write_parquet(tmp_path / "b.parquet")

    with pytest.raises(FileError) as caught:
        read(tmp_path, "*.parquet")

    assert str(caught.value) == (
        f"a.parquet and 1 more: these files have different columns or types: {difference}; declare "
        "each kind as a source of its own"
    )


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ("id,n\n1,1\n", "id\n1\n", "column 'n' is in a.csv and not in b.csv"),
        ("id\n1\n", "id,n\n1,1\n", "column 'n' is in b.csv and not in a.csv"),
    ],
)
def test_unlike_csv_files_are_told_with_file_and_column(
    tmp_path: Path, one: str, other: str, difference: str
) -> None:
    (tmp_path / "a.csv").write_text(one)
    (tmp_path / "b.csv").write_text(other)

    with pytest.raises(FileError) as caught:
        read(tmp_path, "*.csv")

    assert str(caught.value) == (
        f"a.csv and 1 more: these files have different columns or types: {difference}; declare "
        "each kind as a source of its own"
    )
