import os
from pathlib import Path

import pytest

from ct_assets.sources.formats import FileError
from ct_assets.sources.watermark import at_rest, is_same, written


def test_a_file_that_takes_the_place_of_another_of_its_size_and_time_is_noticed(
    tmp_path: Path,
) -> None:
    file, fresh = tmp_path / "customer.csv", tmp_path / "fresh.csv"
    file.write_text("id\n1\n")
    before = written([file])
    assert written([file]) == before
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns

    fresh.write_text("id\n2\n")
    os.utime(fresh, ns=times)
    fresh.replace(file)
    replaced = written([file])
    file.write_text("id\n3\n")
    os.utime(file, ns=times)

    assert len({before, replaced, written([file])}) == 3


class Growing:
    """A file that someone appends to while it is read, the first `times` times."""

    def __init__(self, path: Path, times: int, *, fails: bool = False) -> None:
        self.path, self.times, self.fails = path, times, fails
        self.path.write_text("id\n1\n")
        self.seen: list[str] = []

    def read(self) -> None:
        self.seen.append(self.path.read_text())
        if len(self.seen) <= self.times:
            with self.path.open("a") as file:
                file.write("2\n")
            if self.fails:
                raise FileError("a line was cut")


@pytest.mark.parametrize("fails", [False, True])
def test_a_file_that_grows_is_read_until_it_is_whole(tmp_path: Path, *, fails: bool) -> None:
    file = Growing(tmp_path / "customer.csv", times=2, fails=fails)

    at_rest([file.path], file.read)

    assert file.seen == ["id\n1\n", "id\n1\n2\n", "id\n1\n2\n2\n"]


def test_a_file_that_never_rests_is_named(tmp_path: Path) -> None:
    file = Growing(tmp_path / "customer.csv", times=9)

    with pytest.raises(FileError, match=r"^customer.csv is being written: it changed whenever"):
        at_rest([file.path], file.read)

    assert len(file.seen) == 3


def test_a_file_that_cannot_be_read_is_read_once(tmp_path: Path) -> None:
    file = Growing(tmp_path / "customer.csv", times=0)

    def read() -> None:
        file.read()
        raise FileError("a line was cut")

    with pytest.raises(FileError, match=r"^a line was cut$"):
        at_rest([file.path], read)

    assert len(file.seen) == 1


NOW = "[('a.csv', 9, 100, 7, 200), ('b.csv', 9, 101, 8, 201)]"


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (NOW, NOW, True),
        ("[('a.csv', 9, 100), ('b.csv', 9, 101)]", NOW, True),
        ("[('a.csv', 9, 100), ('b.csv', 9, 102)]", NOW, False),
        ("[('a.csv', 9, 100)]", NOW, False),
        ("[('a.csv', 9, 100, 6, 200), ('b.csv', 9, 101, 8, 201)]", NOW, False),
        ("[]", "[]", True),
        ("2026-01-01", "2026-01-01", True),
        ("2026-01-01", "2026-01-02", False),
        ("[('a', 1", "[('a', 2", False),
    ],
)
def test_version_0_1_noted_less_of_each_file(before: str, now: str, *, same: bool) -> None:
    assert is_same(before, now) is same
