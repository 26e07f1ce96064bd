"""What is left of a state makes it anew: none is missing, and none leaves again."""

import json

import pytest

from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.operations import parked_records
from ct_assets.delivery.state import witness
from ct_assets.delivery.state.sync_files import STATE
from ct_assets_tests.delivery import lost
from ct_assets_tests.delivery.kit import Sync, profile
from ct_assets_tests.delivery.recovery.rebuild_kit import (
    ALL,
    FIRST,
    MORE,
    NEW,
    delivered,
    goes_on,
    rebuild,
)

pytestmark = pytest.mark.sampled(3)


def test_the_state_of_finished_deliveries(events: Sync) -> None:
    events.run(FIRST)
    events.run(MORE)
    lost.delete(events.home, "state")
    with pytest.raises(GuardError):
        events.run(NEW)

    new = rebuild(events, NEW)

    assert new.evidence == ("reports of deliveries 1 to 2",)
    assert (new.sent, new.parked, new.gaps, new.next_run.new) == (25, 0, (), 1)
    assert new.next_run.objection is None
    assert goes_on(events).counts.acked == 1
    assert delivered(events) == ALL


def test_the_state_of_a_killed_delivery(events: Sync) -> None:
    events.run(FIRST)
    events.run_until_fold(MORE)
    lost.delete(events.home, "state")

    new = rebuild(events, NEW)

    assert new.evidence == (
        "reports of delivery 1",
        "outbox.parquet and sends.sqlite, of delivery 2, which was cut short",
    )
    assert new.sent == 25
    assert goes_on(events).counts.acked == 1
    assert delivered(events) == ALL


def test_an_older_copy_with_the_reports_since(events: Sync) -> None:
    events.run(FIRST)
    older = lost.copy(events.home, events.folder / "older")
    events.run(MORE)
    lost.put_back(events.home, "state", older)

    new = rebuild(events, NEW)

    assert new.evidence == ("state.duckdb, up to delivery 1", "reports of delivery 2")
    assert goes_on(events).counts.acked == 1
    assert delivered(events) == ALL


def test_a_damaged_state_gives_what_can_be_read(events: Sync) -> None:
    events.run(FIRST)
    events.run(MORE)
    lost.flip(events.home, "state")

    new = rebuild(events, NEW)

    assert new.evidence == (
        "state.duckdb, which is damaged, as far as it can be read",
        "reports of deliveries 1 to 2",
    )
    assert goes_on(events).counts.acked == 1
    assert delivered(events) == ALL


def test_of_an_unreadable_state_the_latest_report_counts(profiles: Sync) -> None:
    profiles.policy_with(idempotent=False)
    profiles.run([profile("1", Email="nobody", Visits=1), profile("2", Visits=1)])
    profiles.policy_with(declaration="d2")
    rows = [profile("1", Email="a@example.com", Visits=1), profile("2", Visits=2)]
    assert profiles.run(rows).counts.acked == 2
    (profiles.home / STATE).write_bytes(b"torn" * 5000)

    new = rebuild(profiles, rows)

    assert (new.sent, new.held, new.parked) == (2, 0, 0)
    assert profiles.run(rows).counts.unchanged == 2


def test_reports_since_a_damaged_older_copy_count_more_than_it_does(profiles: Sync) -> None:
    profiles.policy_with(idempotent=False)
    before = [profile("1", Email="nobody", Visits=1), profile("2", Visits=1)]
    profiles.run(before)
    older = lost.copy(profiles.home, profiles.folder / "older")
    profiles.policy_with(declaration="d2")
    rows = [profile("1", Email="a@example.com", Visits=1), profile("2", Visits=2)]
    assert profiles.run(rows).counts.acked == 2
    lost.put_back(profiles.home, "state", older)
    content = bytearray((profiles.home / STATE).read_bytes())
    content[0:4096] = bytes(4096)  # its first header; the rows are as they were
    (profiles.home / STATE).write_bytes(bytes(content))

    rebuild(profiles, rows)

    assert profiles.run(rows).counts.unchanged == 2


def test_a_delivery_that_left_nothing_is_learned_later(events: Sync) -> None:
    events.run(FIRST)
    events.run(MORE)
    events.run(NEW)
    lost.delete(events.home, "state")
    (middle,) = events.home.glob("reports/*2.parquet")
    content = middle.read_bytes()
    middle.unlink()
    assert rebuild(events, NEW).gaps == (2,)
    found = witness.read_state(events.home)
    assert found
    assert found.unknown_until == 2

    middle.write_bytes(content)
    new = rebuild(events, NEW)

    assert (new.gaps, new.sent, new.next_run.new) == ((), 26, 0)


def test_what_another_data_folder_sent_is_not_forgotten(events: Sync) -> None:
    other = Sync(events.folder / "clone", events.policy, events.sandbox)
    other.folder.mkdir()
    events.run(FIRST)
    with pytest.raises(GuardError, match=r"state\.duckdb is missing, though what .* noted"):
        other.run(MORE)
    other.run(MORE, allow=frozenset(["lost_state"]))
    lost.delete(events.home, "state")

    new = rebuild(events, NEW)

    assert new.sent == 20
    assert f"what {other.folder} noted beside" in (new.next_run.objection or "")
    with pytest.raises(GuardError, match="tells of another state than the state"):
        events.run(NEW)


def test_an_outbox_is_told_of_by_the_ledger_it_went_by(events: Sync) -> None:
    """Not by a later one, which never heard of it."""
    events.run(FIRST)
    events.run_until_fold(MORE)
    for part in ("state", "ledger"):
        lost.delete(events.home, part)
    events.run(NEW[:1], allow=frozenset(["lost_state"]))
    lost.delete(events.home, "state")

    new = rebuild(events, NEW)

    assert new.evidence[-1] == (
        "outbox.parquet.aside, without its ledger, of delivery 2, which was cut short"
    )
    assert (new.sent, new.parked, new.next_run.new) == (20, 5, 1)


def test_what_was_set_aside_by_a_run_that_went_on(events: Sync) -> None:
    """Nobody wants that run repeated; but it says that nothing was lost before it."""
    events.run(FIRST)
    events.run(MORE)
    lost.delete(events.home, "state")
    lost.delete(events.home, "reports")
    events.run(NEW[:1], allow=frozenset(["lost_state"]))

    new = rebuild(events, NEW)

    assert (new.sent, new.gaps, new.next_run.new) == (1, (1, 2), 25)


@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_an_outbox_without_its_ledger_waits_for_a_person(events: Sync, on_unknown: str) -> None:
    events.policy_with(on_unknown=on_unknown)
    events.run(FIRST)
    events.run_until_fold(MORE)
    lost.delete(events.home, "state")
    lost.delete(events.home, "ledger")

    new = rebuild(events, NEW)

    assert new.evidence == (
        "reports of delivery 1",
        "outbox.parquet, without its ledger, of delivery 2, which was cut short",
    )
    assert (new.sent, new.parked, new.next_run.new) == (20, 5, 1)
    assert events.run(NEW).counts.acked == 1
    assert delivered(events) == ALL
    parked = parked_records.listing(events.home, events.policy)
    assert parked["key"].to_list() == [f"f{n}" for n in range(5)]
    assert [json.loads(each)["evtData"]["Key"] for each in parked["record"]] == [
        f"f{n}" for n in range(5)
    ]


def test_files_of_another_sync_are_no_evidence(events: Sync) -> None:
    other = Sync(events.folder / "other", events.policy, events.sandbox)
    other.policy_with(sync="other")
    other.home = other.folder / "state" / other.destination.name / "other"
    other.folder.mkdir(exist_ok=True)
    other.run(NEW)
    events.run(FIRST)
    for part in ("state", "ledger"):
        lost.put_back(events.home, part, other.home)

    new = rebuild(events, FIRST)

    name = f"{other.home.parent.name}/other"
    assert new.ignored == (f"state.duckdb (that of {name})", f"sends.sqlite (that of {name})")
    assert (new.sent, new.next_run.new) == (20, 0)
    assert goes_on(events, FIRST).counts.unchanged == 20
