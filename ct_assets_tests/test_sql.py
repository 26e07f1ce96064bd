from pathlib import Path

import duckdb
import pytest

from ct_assets.sql import connected, literal, opened


def test_a_connection_says_its_limits(tmp_path: Path) -> None:
    settings = ["threads", "memory_limit", "timezone", "temp_directory", "enable_progress_bar"]

    with opened(spill=tmp_path / "it's", settings={"threads": 1}) as connection:
        read = ", ".join(f"current_setting({literal(name)})" for name in settings)
        (row,) = connection.execute(f"select {read}").fetchall()

    assert row == (1, "244.1 MiB", "UTC", str(tmp_path / "it's"), False)


def test_a_database_that_is_made_is_its_owner_s_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "a.duckdb") as connection:
        connection.execute("create table person as select 7 as id")

    assert (tmp_path / "a.duckdb").stat().st_mode & 0o777 == 0o600
    with opened(tmp_path / "a.duckdb", read_only=True) as connection:
        assert connection.execute("from person").fetchall() == [(7,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            connection.execute("delete from person")


def test_a_confined_connection_reaches_its_files_and_no_other(tmp_path: Path) -> None:
    given, other = tmp_path / "given's.csv", tmp_path / "other.csv"
    for file in (given, other):
        file.write_text("id\n1\n")
    (tmp_path / "work").mkdir()

    with connected(tmp_path / "work", given) as connection:
        assert connection.execute(f"from read_csv({literal(str(given))})").fetchall() == [(1,)]
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"from read_csv({literal(str(other))})")
        with pytest.raises(duckdb.Error, match="configuration has been locked"):
            connection.execute("set memory_limit = '9GB'")
