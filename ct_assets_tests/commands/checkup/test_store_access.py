from pathlib import Path

import pytest

from ct_assets.commands.checkup.store_access import store


def found(monkeypatch: pytest.MonkeyPatch, database: str, url: str) -> list[tuple[str, str, str]]:
    monkeypatch.setenv("CT_DATABASE_URL", database)
    monkeypatch.setenv("CT_STORE_URL", url)
    return [(each.name, each.status, each.found) for each in store()]


def test_nothing_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, "", "") == []


def test_a_store_that_works(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_database, of_files = found(monkeypatch, database, str(tmp_path))

    assert of_database[:2] == ("store database", "ok")
    assert "127.0.0.1" in of_database[2]
    assert ", Postgres 1" in of_database[2]
    assert "canary" not in of_database[2]
    assert of_files == ("store files", "ok", f"{tmp_path} is writable, and makes no object twice")
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_work_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    url = "postgresql://ct:canary-pass@127.0.0.1:1/ct"

    of_database, of_files = found(monkeypatch, url, str(tmp_path / "file"))

    assert of_database[:2] == ("store database", "failed")
    assert "127.0.0.1:1/ct: the database cannot be reached" in of_database[2]
    assert of_files[:2] == ("store files", "failed")
    assert "canary" not in f"{of_database}{of_files}"


def test_half_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    (half,) = found(monkeypatch, "", "/mnt/shared")

    assert half[:2] == ("shared store", "failed")
    assert "CT_DATABASE_URL is not" in half[2]
