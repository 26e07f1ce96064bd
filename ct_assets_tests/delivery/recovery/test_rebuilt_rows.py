"""Rows of a state that was made anew are what they were: sent, held, parked, or removed."""

from datetime import UTC, datetime

import pytest

from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.operations import refused_records
from ct_assets_tests.delivery import lost
from ct_assets_tests.delivery.guards.test_renamed_sync import renamed
from ct_assets_tests.delivery.kit import NOW, Row, Sync, event, profile
from ct_assets_tests.delivery.recovery.rebuild_kit import (
    ALL,
    CHANGED,
    FIRST,
    MORE,
    NEW,
    PEOPLE,
    delivered,
    goes_on,
    rebuild,
)

pytestmark = pytest.mark.sampled(3)


def test_nothing_is_left_but_a_date(events: Sync) -> None:
    events.run(MORE)
    lost.delete(events.home, "folder")

    new = rebuild(events, NEW, sent_until=datetime.fromtimestamp(1_700_001_500, UTC))

    assert (new.evidence, new.gaps, new.sent) == ((), (1,), 0)
    assert (new.held, new.next_run.new) == (25, 1)
    assert events.run(NEW).counts.held == {"before_from_now": 25}
    assert delivered(events) == ALL


def test_what_was_there_before_the_first_run_stays_unsent(events: Sync) -> None:
    events.policy_with(first_run="from_now")
    events.run(FIRST)
    events.run(MORE)
    lost.delete(events.home, "state")
    rows = [*MORE, event("g", "1", int(NOW.timestamp()) + 1, Key="g")]

    new = rebuild(events, rows)

    assert (new.sent, new.held, new.next_run.new) == (5, 20, 1)
    assert events.run(rows).counts.acked == 1
    assert delivered(events) == [*(f"f{n}" for n in range(5)), "g"]


def test_parked_rows_stay_so(events: Sync) -> None:
    events.policy_with(on_unknown="park")
    events.sandbox.faults.script("503-stored")
    events.run(FIRST)
    events.run(MORE)
    lost.delete(events.home, "state")

    new = rebuild(events, NEW)

    assert (new.sent, new.parked, new.next_run.new) == (5, 20, 1)
    assert events.run(NEW).counts.held == {"parked": 20}
    assert delivered(events) == ALL


@pytest.mark.parametrize("remains", ["reports", "an older copy", "an outbox"])
def test_what_was_sent_under_keys_that_mean_other_events_now(events: Sync, remains: str) -> None:
    events.policy_with(meaning={"event": "Ordered"})
    events.run(FIRST)
    older = lost.copy(events.home, events.folder / "older")
    events.policy_with(meaning={"event": "Returned"})
    rows: list[Row] = [
        {**row, "_record": str(row["_record"]).replace("Bought", "Back")} for row in FIRST
    ]
    deliver = events.run_until_fold if remains == "an outbox" else events.run
    deliver(rows[:5], allow=frozenset(["changed_meaning:new"]))
    if remains == "an older copy":
        lost.put_back(events.home, "state", older)
    else:
        lost.delete(events.home, "state")

    new = rebuild(events, rows)

    assert (new.sent, new.gaps, new.next_run.new) == (5, (1,), 15)
    older_too = ["state.duckdb (its keys meant others)"] if remains == "an older copy" else []
    assert [*new.ignored] == ["reports up to delivery 1 (their keys meant others)", *older_too]
    assert goes_on(events, rows).counts.acked == 15
    assert delivered(events) == sorted(2 * [str(row["_key"]) for row in FIRST])


def test_what_was_sent_under_another_key_is_a_gap(events: Sync) -> None:
    events.run(FIRST)
    events.policy_with(event_key="Number")
    rows: list[Row] = [{**row, "_key": f"n{row['_key']}"} for row in FIRST]
    assert events.run(rows, allow=frozenset(["changed_meaning:same"])).counts.unchanged == 20
    lost.delete(events.home, "state")

    new = rebuild(events, rows)

    assert (new.sent, new.gaps, new.next_run.new) == (0, (1,), 20)


def test_what_was_taken_over_from_an_old_name_is_asked_about_again(events: Sync) -> None:
    events.run(FIRST)
    orders = renamed(events)
    orders.run(MORE, allow=frozenset(["renamed:purchases"]))
    lost.delete(orders.home, "state")

    new = rebuild(orders, MORE)

    assert new.sent == 5
    with pytest.raises(GuardError, match="20 of its events were sent by purchases"):
        orders.run(MORE)
    assert orders.run(MORE, allow=frozenset(["renamed:purchases"])).counts.unchanged == 25


@pytest.mark.parametrize("killed", [False, True])
def test_profiles_are_known_by_the_last_whole_delivery(profiles: Sync, *, killed: bool) -> None:
    profiles.run(PEOPLE)
    (profiles.run_until_fold if killed else profiles.run)(CHANGED)
    lost.delete(profiles.home, "state")

    new = rebuild(profiles, CHANGED)

    assert (new.sent, new.next_run.unchanged) == (9, 9)
    assert profiles.run(CHANGED).counts.unchanged == 9


def test_profiles_that_count_twice_are_known_by_their_reports(profiles: Sync) -> None:
    profiles.policy_with(idempotent=False)
    profiles.run(PEOPLE)
    profiles.run(CHANGED)
    for part in ("state", "ledger"):
        lost.delete(profiles.home, part)

    new = rebuild(profiles, CHANGED)

    assert (new.sent, new.parked, new.next_run.unchanged) == (9, 0, 9)
    assert profiles.run(CHANGED).counts.unchanged == 9


def test_a_record_that_was_refused_is_no_record_that_clevertap_has(profiles: Sync) -> None:
    profiles.run(PEOPLE)
    rows = [profile("0", Email="nobody"), *PEOPLE[1:]]
    profiles.run(rows)
    lost.delete(profiles.home, "state")

    rebuild(profiles, rows)

    assert refused_records.replay(profiles.home, profiles.policy) == 1
    assert profiles.run(rows).counts.refused == 1


def test_removed_profiles_stay_removed(profiles: Sync) -> None:
    profiles.policy_with(on_removed="clear", max_removed=1.0)
    profiles.run(PEOPLE)
    profiles.run(PEOPLE[:5])
    lost.delete(profiles.home, "state")

    new = rebuild(profiles, PEOPLE[:5])

    assert (new.sent, new.next_run.removals) == (5, 0)
    assert profiles.run(PEOPLE[:5]).counts.removed == 0
