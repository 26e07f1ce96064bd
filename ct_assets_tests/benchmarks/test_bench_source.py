"""From text files, gzip files too, to a snapshot: its memory does not grow with the rows."""

import gzip
from pathlib import Path

import pytest

from ct_assets.sources import file_snapshot
from ct_assets_tests.benchmarks.measure import MILLION, measured, record

LINES = {
    "csv.gz": (b"id,name,mail\n", b"%09d,Name %09d,user%09d@example.org\n"),
    "ndjson.gz": (b"", b'{"id":%09d.5,"name":"Name %09d","o":{"mail":["u%09d@example.org"]}}\n'),
}
GROWTH_MB = 100
"""Of the peak from one million rows to four."""


def written(file: Path, rows: int) -> Path:
    header, line = LINES[file.name.partition(".")[2]]
    with gzip.open(file, "wb", compresslevel=1) as text:
        text.write(header)
        for start in range(100_000_000, 100_000_000 + rows):
            text.write(line % (start, start, start))
    return file


def staged(file: Path, into: Path) -> None:
    file_snapshot.snapshot([file], into, types={})


@pytest.mark.bench
@pytest.mark.parametrize("ending", LINES)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, ending: str) -> None:
    few = measured(staged, written(tmp_path / f"few.{ending}", MILLION), tmp_path / "few")
    many = measured(staged, written(tmp_path / f"many.{ending}", 4 * MILLION), tmp_path / "many")

    record(
        f"source, {ending}",
        4 * MILLION,
        many,
        ratio=many.peak_mb / few.peak_mb,
        reference="the memory of a quarter of the rows",
    )
    assert many.peak_mb < few.peak_mb + GROWTH_MB
