from pathlib import Path

import pytest

from ct_assets.components.automation.delivered_rows import DeliveredRows, LocalRows, SharedRows
from ct_assets.store.folder_objects import FolderObjects


@pytest.fixture(params=["local", "shared"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def rows_of(kind: str, folder: Path, meaning: str = "digest ts day UTC") -> DeliveredRows:
    if kind == "local":
        return LocalRows(folder / "state", meaning)
    return SharedRows(FolderObjects(folder), "in1-ABC", "purchases", meaning)


def test_rows_are_added_and_cut_to_those_that_are_left(kind: str, tmp_path: Path) -> None:
    rows = rows_of(kind, tmp_path)
    assert rows.read() == {}

    rows.add({"2026-01-01": 5, "2026-01-02": 7}, {"2026-01-01": 5, "2026-01-02": 7})
    rows.add({"2026-01-03": 1}, {"2026-01-01": 4, "2026-01-03": 1})

    assert rows_of(kind, tmp_path).read() == {"2026-01-01": 4, "2026-01-03": 1}
    rows.add({"2026-01-03": 2}, {"2026-01-01": 9, "2026-01-03": 2})
    assert rows.read() == {"2026-01-01": 4, "2026-01-03": 2}


def test_a_declaration_of_another_meaning_begins_anew(kind: str, tmp_path: Path) -> None:
    rows_of(kind, tmp_path).add({"2026-01-01": 5}, {"2026-01-01": 5})

    other = rows_of(kind, tmp_path, "another")
    assert other.read() == {}
    other.add({"2026-01-02": 1}, {"2026-01-01": 5, "2026-01-02": 1})

    assert other.read() == {"2026-01-02": 1}


def test_a_run_leaves_what_another_adds_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = rows_of("shared", tmp_path), rows_of("shared", tmp_path)
    seen = {"2026-01-01": 1, "2026-01-02": 2}
    before = one.read()
    other.add({"2026-01-02": 2}, seen)
    monkeypatch.setattr(one, "read", lambda: before)

    one.add({"2026-01-01": 1}, seen)

    assert other.read() == {"2026-01-01": 1, "2026-01-02": 2}


def test_of_two_counts_that_a_kill_has_left_the_lower_counts(tmp_path: Path) -> None:
    rows = rows_of("shared", tmp_path)
    rows.add({"2026-01-01": 3}, {"2026-01-01": 3})
    prefix = next(FolderObjects(tmp_path).names("delivered/")).rpartition("/")[0]
    FolderObjects(tmp_path).put_bytes(f"{prefix}/9", b"")

    assert rows.read() == {"2026-01-01": 3}
    rows.add({"2026-01-01": 9}, {"2026-01-01": 9})
    assert rows.read() == {"2026-01-01": 9}
