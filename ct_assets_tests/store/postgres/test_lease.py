import threading
from datetime import timedelta

import psycopg
import pytest

from ct_assets.store.postgres import lease as lease_module
from ct_assets.store.postgres.advisory_locks import lock_number
from ct_assets.store.postgres.lease import Lease, LeaseBusyError, LeaseLostError
from ct_assets.store.postgres.store_session import DatabaseError
from ct_assets.store.store_settings import StoreSettings
from ct_assets_tests.store.databases import end_sessions, run

NAME = "eu1-A", "customers"
FILES = "update ct_assets.syncs set files = %s where (destination, sync, fence) = (%s, %s, %s)"


def move(lease: Lease, text: str) -> None:
    lease.change(FILES, (text, *lease.row.name))


def test_each_claim_has_a_fence_of_its_own(shared: StoreSettings) -> None:
    fences = []
    for _ in range(3):
        with Lease.claim(shared, "eu1-A", "customers") as lease:
            fences.append(lease.row.fence)

    assert fences == [1, 2, 3]


def test_a_reader_leaves_the_fence_alone(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        move(lease, '{"state.duckdb": {}}')
    with Lease.claim(shared, "eu1-A", "customers", for_reading=True) as reader:
        assert (reader.row.fence, reader.row.pointer) == (1, {"state.duckdb": {}})

    with Lease.claim(shared, "eu1-A", "customers") as lease:
        assert lease.row.fence == 2


def test_a_second_one_waits_for_its_turn(shared: StoreSettings) -> None:
    told: list[str] = []
    with Lease.claim(shared, "eu1-A", "customers"):
        with (
            pytest.raises(LeaseBusyError, match=r"customers: another run .* under way \(.*, proc"),
            Lease.claim(
                shared,
                *("eu1-A", "customers"),
                patience=timedelta(seconds=0.3),
                waiting=told.append,
            ),
        ):
            pass
        with Lease.claim(shared, "eu1-A", "orders"), Lease.claim(shared, "eu1-B", "customers"):
            pass

    assert len(told) == 1
    assert told[0].endswith("; this one waits for it")


def test_waiting_ends_at_once_when_it_is_to_stop(shared: StoreSettings) -> None:
    stop = threading.Event()
    stop.set()

    with (
        Lease.claim(shared, "eu1-A", "customers"),
        pytest.raises(LeaseBusyError),
        Lease.claim(shared, "eu1-A", "customers", patience=timedelta(hours=1), stop=stop),
    ):
        pass


def test_a_lost_session_goes_on_under_a_new_fence(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        end_sessions(shared)

        move(lease, '{"a": {}}')

        assert lease.row.fence == 2
        assert lease.rows("select files from ct_assets.syncs") == [({"a": {}},)]


def test_who_lost_the_lock_to_another_changes_nothing(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as stopped:
        end_sessions(shared)
        with Lease.claim(shared, "eu1-A", "customers") as lease:
            move(lease, '{"b": {}}')

        with pytest.raises(LeaseLostError, match="customers: another host has taken this sync"):
            move(stopped, '{"a": {}}')
        with pytest.raises(LeaseLostError):
            stopped.check()
        with Lease.claim(shared, "eu1-A", "customers", for_reading=True) as reader:
            assert reader.row.pointer == {"b": {}}


def test_it_is_lost_while_another_still_has_it(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as stopped:
        end_sessions(shared)
        with (
            Lease.claim(shared, "eu1-A", "customers"),
            pytest.raises(LeaseLostError),
        ):
            move(stopped, '{"a": {}}')


def test_a_lock_that_a_lost_connection_keeps_is_told_as_such(
    shared: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setenv("CT_LEASE_SECONDS", "1")
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        end_sessions(shared)
        with psycopg.connect(shared.database_url) as kept:
            kept.execute("select pg_advisory_lock(%s)", (lock_number("sync", *NAME),))

            with pytest.raises(DatabaseError, match="is still held by the connection that this"):
                move(lease, '{"a": {}}')

            sessions = "select 1 from pg_stat_activity where application_name like 'ct-assets %%'"
            assert run(shared, sessions) == []


def test_a_fence_that_was_given_unseen_is_no_other_host(shared: StoreSettings) -> None:
    """The connection broke again, after the new fence was stored and before it was told."""
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        lease.rows("update ct_assets.syncs set fence = 2 returning fence")
        end_sessions(shared)

        move(lease, '{"a": {}}')

        assert lease.row.fence == 3


def test_a_reader_goes_on_after_a_lost_session(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers"):
        pass
    with Lease.claim(shared, "eu1-A", "customers", for_reading=True) as reader:
        end_sessions(shared)

        assert reader.rows("select fence from ct_assets.syncs") == [(1,)]


def test_nobody_writes_with_a_fence_that_is_not_theirs(shared: StoreSettings) -> None:
    """Not even a session that holds the lock, as after a database was set back."""
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        lease.rows("update ct_assets.syncs set fence = 9 returning fence")

        with pytest.raises(LeaseLostError):
            move(lease, '{"a": {}}')
