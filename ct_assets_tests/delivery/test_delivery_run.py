import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import orjson
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery import DeliveryFailed, Progress, deliver
from ct_assets.row_counts import DeliveryCounts, OutcomeCounts, RowCounts
from ct_assets_tests.delivery.kit import IMPATIENT, Sync, arrived, event, profile, report

pytestmark = pytest.mark.sampled(2)


def test_a_first_run_sends_every_row_and_accounts_for_it(profiles: Sync) -> None:
    result = profiles.run(
        [profile("1", Name="Ada"), profile("2", Name="Zoë")],
        counts=RowCounts(source=7, cut=2, rejected=3, valid=2),
    )

    assert result.counts == DeliveryCounts(
        source=7,
        cut=2,
        superseded=0,
        rejected=3,
        valid=2,
        unchanged=0,
        held={},
        new=2,
        changed=0,
        sent=OutcomeCounts(planned=2, acked=2),
        removed=0,
        removals=OutcomeCounts(),
    )
    assert report(result) == [("1", "acked", None), ("2", "acked", None)]
    assert [p.props["Name"] for p in profiles.sandbox.profiles()] == ["Ada", "Zoë"]


def test_an_account_that_does_not_add_up_fails_the_run(profiles: Sync) -> None:
    counts = RowCounts(source=7, cut=2, rejected=3, valid=1)

    with pytest.raises(DeliveryFailed, match=r"source 7 = valid 1 \+ .* cut 2") as failed:
        profiles.run([profile("1", Name="Ada")], counts=counts)

    assert failed.value.result
    assert failed.value.result.counts.acked == 1


def test_a_second_run_sends_what_changed_and_nothing_else(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada"), profile("2", Name="Zoë")])

    result = profiles.run(
        [profile("1", Name="Ada"), profile("2", Name="Inga"), profile("3", Name="Li")]
    )

    assert (result.counts.unchanged, result.counts.changed, result.counts.new) == (1, 1, 1)
    assert report(result) == [("2", "acked", None), ("3", "acked", None)]


def test_unchanged_rows_make_no_request(profiles: Sync) -> None:
    rows = [profile("1", Name="Ada")]
    profiles.run(rows)

    result = profiles.run(rows)

    assert result.requests == 0
    assert result.counts.unchanged == 1
    assert report(result) == []


def test_full_sends_unchanged_profiles_again_but_no_event(profiles: Sync, events: Sync) -> None:
    people, bought = [profile("1", Name="Ada")], [event("e1", Amount=3)]
    profiles.run(people)
    events.run(bought)

    assert profiles.run(people, full=True).counts.acked == 1
    assert events.run(bought, full=True).counts.unchanged == 1


def test_an_acknowledged_event_is_never_sent_again(events: Sync) -> None:
    events.run([event("e1", Amount=3)], partition="2026-01")

    result = events.run([event("e1", Amount=4), event("e2", Amount=5)], partition="2026-02")

    assert report(result) == [("e2", "acked", None)]
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


def test_what_was_refused_for_a_passing_reason_goes_with_the_next_run(profiles: Sync) -> None:
    rows = [profile(f"p{n}", Name="Li") for n in range(4)]
    profiles.sandbox.faults.script("555")
    with Client(profiles.destination) as client:
        once = replace(IMPATIENT, transient_repeats=0)
        first = deliver(profiles.request(rows), client, rng=Random(7), retry=once).counts

    again = profiles.run(rows).counts

    assert (first.acked, first.refused) == (2, 2)
    assert (again.acked, again.unchanged, again.held) == (2, 2, {})


def test_a_limit_sends_the_first_rows_and_holds_the_rest(profiles: Sync) -> None:
    rows = [profile(str(n), Name="Ada") for n in range(5)]

    result = profiles.run(rows, limit=2)

    assert report(result) == [("0", "acked", None), ("1", "acked", None)]
    assert result.counts.held == {"limit": 3}
    assert profiles.run(rows).counts.acked == 3


def test_a_field_is_cleared_only_where_an_earlier_delivery_set_it(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada", Company="Analytical"), profile("2", Name="Zoë")])

    cleared = [
        profile("1", Name="Ada", Company=None, clear=["Company"]),
        profile("2", Name="Zoë", Company=None, clear=["Company"]),
    ]
    first, second = profiles.run(cleared), profiles.run(cleared)

    assert report(first) == [("1", "acked", None)]
    assert arrived(profiles.sandbox)[-1] == {
        "type": "profile",
        "identity": "1",
        "profileData": {"Name": "Ada", "Company": {"$delete": 1}},
    }
    assert [p.props for p in profiles.sandbox.profiles()] == [{"Name": "Ada"}, {"Name": "Zoë"}]
    assert second.requests == 0


def test_a_field_cleared_alone_needs_no_other_field(profiles: Sync) -> None:
    profiles.run([profile("1", Company="Analytical")])
    profiles.run([profile("1", Company=None, clear=["Company"])])

    assert arrived(profiles.sandbox)[-1]["profileData"] == {"Company": {"$delete": 1}}


def test_a_person_with_a_better_identifier_is_the_same_person(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    others = [profile(str(n), Name="Li") for n in range(10, 20)]
    profiles.run([profile("fb-1", kind="FBID", Name="Ada", Company="Analytical"), *others])

    row = profile("1", also=["FBID:fb-1"], Name="Ada", Company=None, clear=["Company"])
    result = profiles.run([row, *others])
    again = profiles.run([row, *others])

    assert (result.counts.changed, result.counts.new, result.counts.removed) == (1, 0, 0)
    assert arrived(profiles.sandbox)[-1]["profileData"] == {
        "Name": "Ada",
        "Company": {"$delete": 1},
    }
    assert (again.counts.unchanged, again.counts.removed, again.requests) == (11, 0, 0)


def test_from_now_holds_what_was_there_at_the_first_run(events: Sync) -> None:
    events.policy_with(first_run="from_now")
    first = events.run([event("e1"), event("e2")])
    second = events.run([event("e1"), event("e2"), event("e3", ts=1)])

    assert first.counts.held == {"before_from_now": 2}
    assert second.counts.held == {"before_from_now": 2}
    assert report(second) == [("e3", "acked", None)]


def test_from_now_holds_the_past_of_other_partitions(events: Sync) -> None:
    events.policy_with(first_run="from_now")
    events.run([event("e1", ts=1_700_000_000)], partition="new")

    result = events.run([event("e2", ts=1_600_000_000)], partition="old")

    assert result.counts.held == {"before_from_now": 1}


def test_fields_that_differ_in_case_alone_are_two_fields(profiles: Sync) -> None:
    profiles.run([profile("1", City="Bonn", city="bonn")])
    profiles.run([profile("1", City="Bonn", city=None, clear=["city"])])

    assert [p.props for p in profiles.sandbox.profiles()] == [{"City": "Bonn"}]


def test_a_lost_answer_of_a_profile_is_sent_again(profiles: Sync) -> None:
    profiles.sandbox.faults.script("503-stored", repeat=True)
    with pytest.raises(DeliveryFailed, match="HTTP 503") as failed:
        profiles.run([profile("1", Name="Ada")])
    profiles.sandbox.faults.clear()

    assert failed.value.result
    assert failed.value.result.counts.sent == OutcomeCounts(planned=1, unknown=1)
    assert report(failed.value.result) == [("1", "unknown", None)]
    assert report(profiles.run([profile("1", Name="Ada")])) == [("1", "acked", None)]


def test_in_doubt_a_profile_goes_even_if_it_is_as_it_was(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada")])
    profiles.sandbox.faults.script("503-stored", repeat=True)
    with pytest.raises(DeliveryFailed):
        profiles.run([profile("1", Name="Zoë")])
    profiles.sandbox.faults.clear()

    result = profiles.run([profile("1", Name="Ada")])

    assert result.counts.changed == 1
    assert [p.props["Name"] for p in profiles.sandbox.profiles()] == ["Ada"]


def test_stopped_before_it_began_it_sends_nothing_and_says_so(profiles: Sync) -> None:
    stop = threading.Event()
    request = profiles.request([profile("1", Name="Ada")], patience=timedelta(0))
    stop.set()

    with pytest.raises(DeliveryFailed, match="stopped on request") as failed:
        profiles.send(request, stop=stop)

    assert failed.value.result
    assert failed.value.result.counts.sent == OutcomeCounts(planned=1, unsent=1)
    assert profiles.run([profile("1", Name="Ada")]).counts.acked == 1


def test_progress_counts_against_what_is_planned(profiles: Sync) -> None:
    seen: list[Progress] = []
    request = profiles.request([profile("1", Name="Ada"), profile("2", Name="Zoë")])

    with Client(profiles.destination) as client:
        deliver(request, client, progress=seen.append)

    assert (seen[-1].planned, seen[-1].acked) == (2, 2)


def test_large_records_leave_in_smaller_batches(profiles: Sync) -> None:
    result = profiles.run([profile(str(n), Bio="x" * 9000) for n in range(1000)])

    sizes = [len(r) for r in (orjson.loads(q.body)["d"] for q in profiles.sandbox.requests())]
    assert result.counts.acked == 1000
    assert sorted(sizes) == [116, 442, 442]


def test_the_same_rows_make_the_same_requests(tmp_path: Path, events: Sync) -> None:
    rows = [event(f"e{n}", identity=str(n % 7), ts=n * 7919 % 1000) for n in range(3000)]
    other = Sync(tmp_path / "other", events.policy, events.sandbox)
    other.folder.mkdir()

    events.run(rows)
    other.home = tmp_path / "other" / "state" / "b" / "purchases"
    other.run(rows)

    bodies = [request.body for request in events.sandbox.requests()]
    half = len(bodies) // 2
    assert sorted(bodies[:half]) == sorted(bodies[half:])
    assert half == 4
