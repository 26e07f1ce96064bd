import pytest

from ct_assets.delivery import DeliveryFailed, Tally
from ct_assets.delivery.renamed import GuardError
from ct_assets.errors import UserError
from ct_assets_tests.delivery.kit import Row, Sync, event, profile, report

PEOPLE: list[Row] = [profile(str(n), Name="Li") for n in range(100)]
RENAMED: list[Row] = [profile(str(n), Name="Wu") for n in range(100)]


def test_too_many_removed_rows_stop_before_anything_leaves(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run(PEOPLE)

    with pytest.raises(DeliveryFailed, match=r"11 of 100 .* allow: \[max_removed\]") as failed:
        profiles.run(RENAMED[:89])

    assert failed.value.outcome
    assert failed.value.outcome.counts.sent == Tally(planned=89, unsent=89)
    assert failed.value.outcome.requests == 0
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


def renamed(events: Sync) -> Sync:
    other = Sync(events.folder, events.policy, events.sandbox)
    other.policy_with(sync="orders")
    other.home = events.home.with_name("orders")
    other.runs = 10
    return other


def test_a_renamed_event_sync_stops_until_someone_says_what_it_is(events: Sync) -> None:
    events.run([event("1"), event("2")])
    orders = renamed(events)

    with pytest.raises(
        UserError, match="2 of its events were sent by purchases, under the same keys"
    ):
        orders.run([event("1"), event("2"), event("3")])
    taken = orders.run([event("1"), event("2"), event("3")], allow=frozenset(["renamed:purchases"]))

    assert report(taken) == [("3", "acked", None)]


def test_profiles_that_count_up_are_not_sent_again_under_a_new_name(profiles: Sync) -> None:
    profiles.policy_with(idempotent=False)
    rows = [profile("1", Visits=1), profile("2", Visits=2)]
    profiles.run(rows)
    people = Sync(profiles.folder, profiles.policy, profiles.sandbox)
    people.policy_with(sync="people")
    people.home = profiles.home.with_name("people")
    people.runs = 10

    with pytest.raises(UserError, match=r"2 of its profiles were sent by customers.*--allow"):
        people.run(rows)
    taken = people.run([*rows, profile("3", Visits=1)], allow=frozenset(["renamed:customers"]))

    assert report(taken) == [("3", "acked", None)]
    assert people.run(rows).counts.unchanged == 2


def test_other_events_with_the_same_keys_may_be_new(events: Sync) -> None:
    events.run([event("1")])

    assert renamed(events).run([event("1")], allow=frozenset(["new"])).counts.acked == 1


def test_a_neighbour_that_is_still_declared_is_no_old_name(events: Sync) -> None:
    events.run([event("1")])
    orders = renamed(events)
    orders.policy_with(neighbours=frozenset(["purchases"]))

    assert orders.run([event("1")]).counts.acked == 1
