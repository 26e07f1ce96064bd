import sqlite3
from pathlib import Path

import duckdb
import pytest

from ct_assets.commands.checkup.state_files import states
from ct_assets.delivery.state.sync_files import LEDGER, OUTBOX, STATE
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import EVENTS, Sync, digests, event
from ct_assets_tests.sources.elsewhere import opened_elsewhere


@pytest.fixture
def sync(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> Sync:
    """One that has sent two events."""
    sync = Sync(tmp_path, EVENTS, clevertap_sandbox)
    sync.run([event("e1"), event("e2")])
    return sync


def found(sync: Sync) -> tuple[str, str]:
    (check,) = states(sync.folder / "state")
    assert check.name == f"state {sync.home.parent.name}/purchases"
    assert bool(check.fix) == (check.status == "failed")
    return check.status, check.found


def test_a_healthy_state_is_left_as_it_is(sync: Sync) -> None:
    before = digests(sync.home)

    assert found(sync) == ("ok", "healthy, 2 rows acknowledged")
    assert digests(sync.home) == before


def test_none_yet(tmp_path: Path) -> None:
    assert [c.found for c in states(tmp_path / "state")] == ["none yet"]


def test_a_delivery_that_was_cut_short_is_no_illness(sync: Sync) -> None:
    sync.run_until_fold([event("e1"), event("e2"), event("e3")])
    before = digests(sync.home)

    assert found(sync) == (
        "ok",
        "healthy, 2 rows acknowledged; a delivery was cut short, the next run settles it",
    )
    assert digests(sync.home) == before


def test_a_run_under_way(sync: Sync) -> None:
    with locked(sync.home):
        assert found(sync) == ("note", "not looked at: a run is under way")


def test_one_that_is_open_elsewhere_is_not_damaged(sync: Sync) -> None:
    with opened_elsewhere(sync.home / STATE) as (holder, _):
        (check,) = states(sync.folder / "state")

    assert (check.status, check.found) == ("failed", f"state.duckdb is open in {holder}")
    assert check.fix == "Close it there; until then every run of purchases stops before it sends."


def test_a_newer_state(sync: Sync) -> None:
    with duckdb.connect(sync.home / STATE) as connection:
        connection.execute("update meta set value = '99' where name = 'version'")

    assert found(sync) == (
        "failed",
        "state.duckdb has version 99, and this ct_assets knows 3",
    )


def test_a_newer_ledger(sync: Sync) -> None:
    with sqlite3.connect(sync.home / LEDGER) as connection:
        connection.execute("pragma user_version = 99")

    assert found(sync) == (
        "failed",
        "sends.sqlite has version 99, and this ct_assets knows 2",
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (STATE, "state.duckdb cannot be read (IOException)"),
        (LEDGER, "sends.sqlite cannot be read (DatabaseError)"),
        (OUTBOX, "outbox.parquet cannot be read (ComputeError)"),
    ],
)
def test_a_file_of_other_bytes(sync: Sync, name: str, told: str) -> None:
    (sync.home / name).write_bytes(b"not what it was" * 1000)

    assert found(sync) == ("failed", told)


def test_an_outbox_with_a_flipped_page(sync: Sync) -> None:
    sync.run_until_fold([event("e1"), event("e2"), event("e3")])
    records = bytearray((sync.home / OUTBOX).read_bytes())
    records[4:200] = bytes(byte ^ 0xFF for byte in records[4:200])
    (sync.home / OUTBOX).write_bytes(records)

    (check,) = states(sync.folder / "state")

    assert check.status == "failed"
    assert check.found == "outbox.parquet cannot be read (ComputeError)"
    assert check.fix == (
        "A run stops before it sends if purchases is of events, or deletes or clears what is gone; "
        "else it sends again what it does not know to be sent. Upgrade ct_assets if a newer one "
        "wrote the file. Else bring back what is known: ct-assets state rebuild purchases; or a "
        "backup: ct-assets state restore FOLDER."
    )


def test_a_ledger_that_is_gone(sync: Sync) -> None:
    (sync.home / LEDGER).unlink()

    assert found(sync) == (
        "failed",
        "sends.sqlite is missing, though state.duckdb knows of delivery 1",
    )


def test_a_state_that_is_gone(sync: Sync) -> None:
    (sync.home / STATE).unlink()

    status, losses = found(sync)

    assert status == "failed"
    assert losses.startswith("state.duckdb is missing, though sends.sqlite, the reports and what ")


def test_a_damaged_page(sync: Sync) -> None:
    ledger = bytearray((sync.home / LEDGER).read_bytes())
    ledger[4096:4196] = b"x" * 100
    (sync.home / LEDGER).write_bytes(ledger)

    assert found(sync)[0] == "failed"
