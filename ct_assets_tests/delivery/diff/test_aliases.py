"""One person, who bears other identifiers from run to run: one profile of CleverTap."""

import contextlib
import sqlite3
from pathlib import Path

import duckdb
import httpx
import polars as pl
import pytest

from ct_assets.delivery import DeliveryFailed
from ct_assets.delivery.state.sync_files import LEDGER, OUTBOX, PREVIOUS, STATE
from ct_assets.row_counts import RowCounts
from ct_assets_tests.delivery.kit import Row, Sync, arrived, profile

pytestmark = pytest.mark.sampled(2)

LI: list[Row] = [profile(str(n), Name="Li") for n in range(10, 20)]
BOTH = profile("c1", kind="objectId", also=["identity:1"], Name="Ada", Company="Analytical")
BY_OBJECT_ID = profile("c1", kind="objectId", Name="Ada", Company="Analytical")
BY_IDENTITY = profile("1", Name="Ada", Company="Analytical")


@pytest.fixture(autouse=True)
def _known_device(profiles: Sync) -> None:
    url = f"{profiles.sandbox.url}/sandbox/devices"
    httpx.post(url, json={"objectId": "c1"}).raise_for_status()


def paths(sync: Sync) -> list[str]:
    return [request.path for request in sync.sandbox.requests()]


@pytest.mark.parametrize("left", [BY_IDENTITY, profile("f1", kind="FBID", also=["identity:1"])])
@pytest.mark.parametrize("action", ["delete", "clear"])
def test_whoever_loses_the_identifier_in_use_is_not_removed(
    profiles: Sync, action: str, left: Row
) -> None:
    profiles.policy_with(on_removed=action)
    profiles.run([BOTH, *LI])

    result = profiles.run([left, *LI])
    again = profiles.run([left, *LI])

    assert (result.counts.changed + result.counts.new, result.counts.removed) == (1, 0)
    assert (again.counts.unchanged, again.counts.removed, again.requests) == (11, 0, 0)


def test_what_was_sent_under_the_lost_identifier_can_be_cleared(profiles: Sync) -> None:
    profiles.run([BOTH, *LI])

    result = profiles.run([profile("1", Name="Ada", Company=None, clear=["Company"]), *LI])

    assert (result.counts.changed, result.counts.new) == (1, 0)
    assert arrived(profiles.sandbox)[-1]["profileData"] == {
        "Name": "Ada",
        "Company": {"$delete": 1},
    }


def test_an_identifier_is_remembered_beyond_the_run_that_bore_it(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    for row in (BOTH, profile("c1", kind="objectId", Name="Ada B."), BY_IDENTITY, BY_OBJECT_ID):
        assert profiles.run([row, *LI]).counts.removed == 0

    assert profiles.run(LI).counts.removals.acked == 1
    assert set(paths(profiles)) == {"/1/upload", "/1/delete/profiles.json"}


def test_a_rejected_row_that_bears_it_is_still_the_same_person(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([BOTH, *LI])
    request = profiles.request([BY_IDENTITY, *LI])

    counts = RowCounts(source=len(LI) + 1, rejected=1, valid=len(LI))
    rejected = profiles.request(LI, counts=counts, keys=request.keys)
    assert profiles.send(rejected).counts.removed == 0


def test_the_last_delivery_teaches_a_state_that_knew_keys_alone(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([BOTH, *LI])
    make_old(profiles.home)

    assert profiles.run([BY_IDENTITY, *LI]).counts.removed == 0


def test_an_unchanged_row_teaches_a_state_that_knew_keys_alone(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([BOTH, *LI])
    make_old(profiles.home)
    (profiles.home / PREVIOUS).unlink()

    assert profiles.run([BOTH, *LI]).counts.unchanged == 11
    assert profiles.run([BY_IDENTITY, *LI]).counts.removed == 0


def test_a_lost_answer_loses_no_identifier(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([BY_OBJECT_ID, *LI])
    profiles.sandbox.faults.script("503-stored", repeat=True)
    with pytest.raises(DeliveryFailed):
        profiles.run([BOTH, *LI], full=True)
    profiles.sandbox.faults.clear()

    assert profiles.run([BY_IDENTITY, *LI]).counts.removed == 0


def test_what_an_older_version_left_open_is_settled(profiles: Sync) -> None:
    profiles.run_until_fold([BOTH, *LI])
    make_old(profiles.home)
    outbox = profiles.home / OUTBOX
    kept = {k: v for k, v in pl.read_parquet_metadata(outbox).items() if k != "ARROW:schema"}
    pl.read_parquet(outbox).drop("also").write_parquet(outbox, metadata=kept)

    assert profiles.run([BOTH, *LI]).counts.unchanged == 11


def make_old(home: Path) -> None:
    """A state and a ledger of version 1, which knows no checksums."""
    with contextlib.closing(sqlite3.connect(home / LEDGER)) as ledger, ledger:
        ledger.execute("drop table meta")
        ledger.execute("alter table deliveries drop column outbox")
        ledger.execute("alter table sends drop column checksum")
        ledger.execute("pragma user_version = 1")
    with duckdb.connect(home / STATE) as connection:
        connection.execute("alter table synced drop column also")
        connection.execute("update meta set value = '1' where name = 'version'")
        connection.execute("delete from meta where name = 'others'")
