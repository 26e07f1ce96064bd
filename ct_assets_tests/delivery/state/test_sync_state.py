from pathlib import Path

import duckdb
import pytest

from ct_assets.delivery.state.sync_files import PREVIOUS, STATE, StorageError
from ct_assets.delivery.state.sync_lock import SyncBusyError
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets_tests.delivery.kit import PROFILES


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state" / "to" / "customers"


def test_one_at_a_time(home: Path) -> None:
    with (
        SyncState.open(home, PROFILES),
        pytest.raises(SyncBusyError, match="another run of this sync is under way"),
        SyncState.open(home, PROFILES),
    ):
        pass


def test_the_database_is_closed_while_records_leave(home: Path) -> None:
    with SyncState.open(home, PROFILES) as state:
        with state.database() as connection:
            connection.execute("insert into synced (kind, key) values ('identity', '1')")
        with duckdb.connect(home / STATE, read_only=True) as reader:
            assert reader.execute("select key from synced").fetchall() == [("1",)]
        assert state.work.exists()

    assert not state.work.exists()


def test_errors_come_in_words(home: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"customers: .*ConversionException"),
        SyncState.open(home, PROFILES) as state,
        state.database() as connection,
    ):
        connection.execute("select 'secret'::integer")


def test_the_previous_snapshot_is_a_link(tmp_path: Path, home: Path) -> None:
    valid = tmp_path / "valid.parquet"
    valid.write_bytes(b"PAR1")

    for _ in range(2):
        with SyncState.open(home, PROFILES) as state:
            state.keep_previous(valid, 1)

    assert (home / PREVIOUS).samefile(valid)
