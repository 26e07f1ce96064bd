import threading

import pytest

from ct_assets.delivery import DeliveryFailed
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.row_counts import OutcomeCounts
from ct_assets_tests.delivery.kit import Row, Sync, event, profile

PEOPLE: list[Row] = [profile(str(n), Name="Li") for n in range(100)]
RENAMED: list[Row] = [profile(str(n), Name="Wu") for n in range(100)]

SET = threading.Event()
SET.set()


def test_too_many_removed_rows_stop_before_anything_leaves(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run(PEOPLE)

    with pytest.raises(DeliveryFailed, match=r"11 of 100 .* allow: \[max_removed\]") as failed:
        profiles.run(RENAMED[:89])

    assert failed.value.result
    assert failed.value.result.counts.sent == OutcomeCounts(planned=89, unsent=89)
    assert failed.value.result.requests == 0
    assert profiles.run(RENAMED[:89], allow=frozenset(["max_removed"])).counts.acked == 89


def test_ten_removed_rows_always_pass(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run(PEOPLE)

    assert profiles.run(PEOPLE[:90]).counts.removals.acked == 10


def test_an_empty_source_removes_nobody(profiles: Sync) -> None:
    profiles.policy_with(on_removed="clear", max_removed=1.0)
    profiles.run(PEOPLE[:3])

    with pytest.raises(DeliveryFailed, match=r"source is empty.* allow: \[empty_source\]"):
        profiles.run([])

    assert profiles.run([], allow=frozenset(["empty_source"])).counts.removals.acked == 3


def test_many_changes_under_the_same_declaration_stop(profiles: Sync) -> None:
    profiles.policy_with(max_changed=0.5)
    profiles.run(PEOPLE)

    with pytest.raises(DeliveryFailed, match=r"100 of 100 .* allow: \[max_changed\]"):
        profiles.run(RENAMED)

    profiles.policy_with(declaration="d2")
    assert profiles.run(RENAMED).counts.changed == 100


def test_another_event_key_stops_until_it_is_allowed(events: Sync) -> None:
    events.run([event("1")])
    events.policy_with(event_key="OrderId")

    with pytest.raises(GuardError, match="event_key was InvoiceId and is OrderId now"):
        events.run([event("order-1")])

    assert events.run([event("order-1")], allow=frozenset(["event_key"])).counts.acked == 1
    assert events.run([event("order-1")]).counts.unchanged == 1


@pytest.mark.parametrize("then", ["d2", "d1"])
def test_the_rest_of_a_remapping_that_was_cut_short_passes(profiles: Sync, then: str) -> None:
    profiles.policy_with(max_changed=0.5)
    profiles.run(PEOPLE)
    profiles.policy_with(declaration="d2")
    with pytest.raises(DeliveryFailed, match="customers: "):
        profiles.send(profiles.request(RENAMED), stop=SET)
    profiles.run(RENAMED, limit=10)
    profiles.run_until_fold(RENAMED, limit=10)

    profiles.policy_with(declaration=then)
    assert profiles.run(RENAMED).counts.changed == 80
    with pytest.raises(DeliveryFailed, match=r"100 of 100 .* allow: \[max_changed\]"):
        profiles.run(PEOPLE)
