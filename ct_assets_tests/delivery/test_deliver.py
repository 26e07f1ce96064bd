from pathlib import Path

import pytest

from ct_assets.delivery import Counts, Tally
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import EVENTS, PROFILES, Sync, arrived, event, profile, report


@pytest.fixture
def profiles(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> Sync:
    return Sync(tmp_path, PROFILES, clevertap_sandbox)


@pytest.fixture
def events(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> Sync:
    return Sync(tmp_path, EVENTS, clevertap_sandbox)


def test_a_first_run_sends_every_row_and_accounts_for_it(profiles: Sync) -> None:
    outcome = profiles.run(
        [profile("1", Name="Ada"), profile("2", Name="Zoë")], source=7, cut=2, rejected=3
    )

    assert outcome.counts == Counts(
        source=7,
        cut=2,
        superseded=0,
        rejected=3,
        valid=2,
        unchanged=0,
        held={},
        new=2,
        changed=0,
        sent=Tally(planned=2, acked=2),
        removed=0,
        removals=Tally(),
    )
    assert report(outcome) == [("1", "acked", None), ("2", "acked", None)]
    assert [p.props["Name"] for p in profiles.sandbox.profiles()] == ["Ada", "Zoë"]


def test_a_second_run_sends_what_changed_and_nothing_else(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada"), profile("2", Name="Zoë")])

    outcome = profiles.run(
        [profile("1", Name="Ada"), profile("2", Name="Inga"), profile("3", Name="Li")]
    )

    assert (outcome.counts.unchanged, outcome.counts.changed, outcome.counts.new) == (1, 1, 1)
    assert report(outcome) == [("2", "acked", None), ("3", "acked", None)]


def test_unchanged_rows_make_no_request(profiles: Sync) -> None:
    rows = [profile("1", Name="Ada")]
    profiles.run(rows)

    outcome = profiles.run(rows)

    assert outcome.requests == 0
    assert outcome.counts.unchanged == 1
    assert report(outcome) == []


def test_full_sends_unchanged_profiles_again_but_no_event(profiles: Sync, events: Sync) -> None:
    people, bought = [profile("1", Name="Ada")], [event("e1", Amount=3)]
    profiles.run(people)
    events.run(bought)

    assert profiles.run(people, full=True).counts.acked == 1
    assert events.run(bought, full=True).counts.unchanged == 1


def test_an_acknowledged_event_is_never_sent_again(events: Sync) -> None:
    events.run([event("e1", Amount=3)], partition="2026-01")

    outcome = events.run([event("e1", Amount=4), event("e2", Amount=5)], partition="2026-02")

    assert report(outcome) == [("e2", "acked", None)]
    assert [e.props["Amount"] for e in events.sandbox.events()] == [3, 5]


def test_events_of_a_person_arrive_oldest_first(events: Sync) -> None:
    events.run([event("b", ts=20), event("a", ts=10), event("none", ts=None), event("c", ts=30)])

    assert [r.get("ts") for r in arrived(events.sandbox)] == [10, 20, 30, None]


def test_a_refused_row_waits_until_it_or_the_declaration_changes(profiles: Sync) -> None:
    bad = profile("1", Email="nobody")
    first = profiles.run([bad, profile("2", Email="a@example.com")])
    again = profiles.run([bad, profile("2", Email="a@example.com")])

    assert report(first) == [("1", "refused", "515"), ("2", "acked", None)]
    assert again.requests == 0
    assert again.counts.held == {"refused": 1}
    assert report(again) == [("1", "held", "515")]

    profiles.policy_with(declaration="d2")
    assert report(profiles.run([bad])) == [("1", "refused", "515")]
    assert report(profiles.run([profile("1", Email="b@example.com")])) == [("1", "acked", None)]


def test_a_limit_sends_the_first_rows_and_holds_the_rest(profiles: Sync) -> None:
    rows = [profile(str(n), Name="Ada") for n in range(5)]

    outcome = profiles.run(rows, limit=2)

    assert report(outcome) == [("0", "acked", None), ("1", "acked", None)]
    assert outcome.counts.held == {"limit": 3}
    assert profiles.run(rows).counts.acked == 3
