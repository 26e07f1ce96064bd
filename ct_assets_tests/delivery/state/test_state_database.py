from pathlib import Path

import pytest

from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.state_database import StateError, opened
from ct_assets.delivery.state.sync_files import workdir
from ct_assets_tests.delivery.kit import Sync, profile

MEMORY = "128MB"


def test_a_newer_state_is_refused(tmp_path: Path) -> None:
    with workdir(tmp_path) as work, opened(tmp_path, work, memory=MEMORY) as connection:
        state_database.put(connection, "version", "9")

    with (
        pytest.raises(StateError, match=r"newer ct_assets .*version 9"),
        workdir(tmp_path) as work,
        opened(tmp_path, work, memory=MEMORY),
    ):
        pass


def test_an_older_state_is_migrated_step_by_step(tmp_path: Path) -> None:
    with (
        workdir(tmp_path) as work,
        opened(tmp_path, work, memory=MEMORY, migrations=()) as connection,
    ):
        connection.execute("insert into synced (kind, key) values ('identity', '1')")
    steps = ("alter table synced add column seen integer", "update synced set seen = 7")

    for _ in range(2):
        with (
            workdir(tmp_path) as work,
            opened(tmp_path, work, memory=MEMORY, migrations=steps) as connection,
        ):
            assert connection.execute("select key, seen from synced").fetchall() == [("1", 7)]
            assert state_database.get(connection, "version") == "3"


def test_other_fingerprints_are_refused(tmp_path: Path) -> None:
    with workdir(tmp_path) as work, opened(tmp_path, work, memory=MEMORY) as connection:
        state_database.put(connection, "hash", "xxh3")

    with (
        pytest.raises(StateError, match=r"another way \(xxh3\)"),
        workdir(tmp_path) as work,
        opened(tmp_path, work, memory=MEMORY),
    ):
        pass


def test_state_is_private_to_its_owner(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada")])
    state_of_sync = [profiles.home, *profiles.home.rglob("*")]

    modes = {path.name: path.stat().st_mode & 0o077 for path in state_of_sync}

    del modes["previous.parquet"]  # the snapshot itself, whose mode the staging sets
    assert set(modes.values()) == {0}
    assert {"state.duckdb", "sends.sqlite", "reports", "00000001.parquet"} <= set(modes)
