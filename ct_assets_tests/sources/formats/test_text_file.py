import gzip
from pathlib import Path

import polars as pl
import pytest

from ct_assets.sources.file_kind import matching
from ct_assets.sources.file_snapshot import snapshot
from ct_assets.sources.formats import FileError


def packed(content: bytes) -> bytes:
    """The same bytes at every time."""
    return gzip.compress(content, mtime=0)


CSV = b"id,name\n0171,Ada\n2,Bob\n"
NDJSON = b'{"id":"0171","name":"Ada"}\n{"id":"2","name":"Bob"}\n'
LONG = b"".join(b"%d,name%d\n" % (number, number * 7919) for number in range(20_000))
BROKEN = "the file is a gzip file that is cut off or damaged; copy it again"


def read(folder: Path, pattern: str) -> pl.DataFrame:
    snapshot(matching(pattern, folder), folder / "staged", types={})
    return pl.read_parquet(folder / "staged")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", packed(CSV)),
        ("a.CSV.GZ", packed(CSV)),
        ("a.csv.gz", packed(CSV[:8]) + packed(CSV[8:])),
        ("a.tsv.gz", packed(CSV.replace(b",", b"\t"))),
        ("a.csv", packed(CSV)),
        ("a.csv.gz", CSV),
        ("a.ndjson.gz", packed(NDJSON)),
        ("a.jsonl.gz", packed(NDJSON)),
    ],
)
def test_gzip_files_are_read_as_what_is_in_them(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    assert read(tmp_path, name).rows() == [("0171", "Ada"), ("2", "Bob")]


def test_gzip_files_and_others_are_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,name\n1,Ada\n")
    (tmp_path / "b.csv.gz").write_bytes(packed(b"id,name\n2,Bob\n"))

    assert read(tmp_path, "*.csv*")["id"].to_list() == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("a.csv.gz", packed(b"id,name\n" + LONG)[:-2000], BROKEN),
        ("a.csv.gz", packed(CSV)[:-6], BROKEN),
        ("a.csv.gz", packed(CSV)[:14], BROKEN),
        ("a.csv.gz", packed(CSV)[:-8] + bytes(8), BROKEN),
        ("a.ndjson.gz", packed(NDJSON)[:-6], BROKEN),
        ("a.csv.gz", b"", "the file is empty, it has no header"),
        ("a.csv.gz", packed(b""), "the file is empty, it has no header"),
        ("a.ndjson.gz", packed(b""), "the file is empty; write its rows into it"),
        ("a.csv.gz", packed(CSV + b"3\n"), "line 4 has fewer fields than the header;"),
        ("a.csv.gz", packed(CSV + b"3,4,5\n"), "line 4 has more fields than the header;"),
        ("a.csv.gz", packed(CSV + b"3,M\xfcller\n"), "line 4 is not UTF-8; save the file"),
        ("a.ndjson.gz", packed(NDJSON + b"{\n"), "line 3 is no whole JSON object; write"),
        ("a.ndjson.gz", packed(NDJSON + b'{"id":"\xfc"}\n'), "line 3 is not UTF-8; save"),
    ],
)
def test_a_gzip_file_that_cannot_be_read_says_where(
    tmp_path: Path, name: str, content: bytes, wrong: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(FileError) as caught:
        read(tmp_path, name)

    assert str(caught.value).startswith(f"{name}: {wrong}")


def test_of_many_gzip_files_the_one_that_is_cut_off_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(packed(CSV))
    (tmp_path / "b.csv.gz").write_bytes(packed(CSV)[:-6])

    with pytest.raises(FileError, match=r"^a\.csv\.gz and 1 more: b\.csv\.gz is a gzip file that"):
        read(tmp_path, "*.csv.gz")
