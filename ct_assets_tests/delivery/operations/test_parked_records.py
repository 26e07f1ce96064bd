import pytest

from ct_assets.delivery import DeliveryFailed
from ct_assets.delivery.operations import parked_records
from ct_assets.row_counts import OutcomeCounts
from ct_assets_tests.delivery.kit import Sync, event, profile, report


@pytest.fixture
def parking(events: Sync) -> Sync:
    """An event sync with one lost answer behind it."""
    events.policy_with(on_unknown="park")
    events.sandbox.faults.script("503-stored")
    events.run([event("e1", Amount=3)], partition="2026-01")
    return events


def test_a_lost_event_is_parked_and_listed(parking: Sync) -> None:
    result = parking.run([event("e1", Amount=3)])

    assert result.requests == 0
    assert result.counts.held == {"parked": 1}
    assert report(result) == [("e1", "held", "parked")]
    listed = parked_records.listing(parking.home, parking.policy)
    assert listed.select("key", "why", "delivery", "batch", "partition").rows() == [
        ("e1", "HTTP 503", 1, 0, "2026-01")
    ]
    assert '"Amount":3' in listed["record"][0]


def test_a_lost_event_is_no_failure_of_the_run(events: Sync) -> None:
    events.policy_with(on_unknown="park")
    events.sandbox.faults.script("503-stored")

    result = events.run([event("e1")])

    assert result.counts.sent == OutcomeCounts(planned=1, unknown=1)


def test_resend_offers_it_to_the_next_run(parking: Sync) -> None:
    assert parked_records.resend(parking.home, parking.policy) == 1

    assert parking.run([event("e1", Amount=3)]).counts.acked == 1
    assert len(parking.sandbox.events()) == 2
    assert parked_records.listing(parking.home, parking.policy).is_empty()


def test_discard_never_sends_it_again(parking: Sync) -> None:
    assert parked_records.discard(parking.home, parking.policy, keys=["other"]) == 0
    assert parked_records.discard(parking.home, parking.policy, keys=["e1"]) == 1

    result = parking.run([event("e1", Amount=4)])

    assert (result.requests, result.counts.held) == (0, {"discarded": 1})


def test_with_resend_a_lost_event_goes_again_in_the_same_run(events: Sync) -> None:
    events.sandbox.faults.script("503-stored", "ok")

    result = events.run([event("e1")])

    assert result.counts.acked == 1
    assert len(events.sandbox.events()) == 2


def test_a_profile_that_counts_twice_is_parked_like_an_event(profiles: Sync) -> None:
    profiles.policy_with(on_unknown="park", idempotent=False)
    profiles.sandbox.faults.script("503-stored")
    profiles.run([profile("1", Visits={"$incr": 1})])

    assert profiles.run([profile("1", Visits={"$incr": 2})]).counts.held == {"parked": 1}
    parked_records.resend(profiles.home, profiles.policy)
    assert profiles.run([profile("1", Visits={"$incr": 2})]).counts.acked == 1


def test_a_profile_that_may_arrive_twice_is_never_parked(profiles: Sync) -> None:
    profiles.policy_with(on_unknown="park")
    profiles.sandbox.faults.script("503-stored", repeat=True)
    with pytest.raises(DeliveryFailed):
        profiles.run([profile("1", Name="Ada")])

    assert parked_records.listing(profiles.home, profiles.policy).is_empty()
