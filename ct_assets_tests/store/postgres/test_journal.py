import contextlib

import pytest

from ct_assets.store.postgres.journal import Journal
from ct_assets.store.postgres.lease import Lease, LeaseLostError
from ct_assets.store.store_settings import StoreSettings
from ct_assets_tests.store.databases import end_sessions


def test_entries_are_read_by_whoever_claims_next(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        journal = Journal(lease)
        for number in range(1200):
            journal.write(b"%d\x00" % number)
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        journal = Journal(lease)
        journal.write(b"later")

        assert list(journal.tail()) == [*(b"%d\x00" % n for n in range(1200)), b"later"]
    with Lease.claim(shared, "eu1-A", "orders") as lease:
        assert list(Journal(lease).tail()) == []


@pytest.mark.parametrize("durably", [True, False])
def test_a_lost_session_loses_no_entry_and_writes_none_twice(
    shared: StoreSettings, *, durably: bool
) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        journal = Journal(lease)
        journal.commit(durably=durably)
        for number in range(4):
            journal.write(b"%d" % number)
            end_sessions(shared)

        assert list(journal.tail()) == [b"0", b"1", b"2", b"3"]
        setting = "on" if durably else "off"
        assert lease.rows("show synchronous_commit") == [(setting,)]


def test_an_entry_that_was_committed_unseen_is_not_written_twice(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        journal = Journal(lease)
        journal.write(b"first")
        journal.last = 0  # as when the connection broke before the answer

        journal.write(b"first")

        assert list(journal.tail()) == [b"first"]


def test_who_was_taken_over_writes_nothing(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as stopped:
        journal = Journal(stopped)
        end_sessions(shared)
        with Lease.claim(shared, "eu1-A", "customers") as lease:
            Journal(lease).write(b"new")

        with pytest.raises(LeaseLostError):
            journal.write(b"old")
        with Lease.claim(shared, "eu1-A", "customers") as lease:
            assert list(Journal(lease).tail()) == [b"new"]


def test_entries_of_a_block_are_committed_at_once(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        journal = Journal(lease)
        journal.write(b"0")

        with journal.together():
            journal.write(b"1")
            end_sessions(shared)
            journal.write(b"2")
            assert list(journal.tail()) == [b"0"]
        assert list(journal.tail()) == [b"0", b"1", b"2"]
        assert journal.last == 3


def test_entries_of_a_block_that_fails_are_committed(shared: StoreSettings) -> None:
    with Lease.claim(shared, "eu1-A", "customers") as lease:
        journal = Journal(lease)
        with contextlib.suppress(ZeroDivisionError), journal.together():
            journal.write(b"0")
            raise ZeroDivisionError

        assert list(journal.tail()) == [b"0"]
