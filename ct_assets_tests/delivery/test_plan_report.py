import pytest

from ct_assets.delivery import PropertyChange, plan
from ct_assets.errors import mask
from ct_assets.row_counts import RowCounts
from ct_assets_tests.delivery.kit import Sync, digests, event, profile


def test_a_plan_counts_and_shows_masked_samples(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada", Tier="gold"), profile("2", Name="Zoë", Tier=None)])

    found = plan(
        profiles.request(
            [profile("1", Name="Ada", Tier="silver"), profile("3", Name="Li", Tier=None)],
            counts=RowCounts(source=6, rejected=4, valid=2),
        )
    )

    assert (found.valid, found.new, found.changed, found.unchanged) == (2, 1, 1, 0)
    assert (found.removed, found.removals, found.rejected) == (1, 0, 4)
    assert (found.requests, found.seconds) == (1, 1.0)
    assert found.properties == (PropertyChange("Tier", 1, ((mask("gold"), mask("silver")),)),)


def test_a_plan_leaves_every_byte_of_state_as_it_is(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada")])
    before = digests(profiles.home.parent)

    plan(profiles.request([profile("1", Name="Zoë")]))

    assert digests(profiles.home.parent) == before


def test_a_plan_without_state_leaves_none(profiles: Sync) -> None:
    assert plan(profiles.request([profile("1", Name="Ada")])).new == 1
    assert not profiles.home.exists()


def test_a_plan_knows_what_a_killed_run_had_acknowledged(events: Sync) -> None:
    rows = [event("e1"), event("e2")]
    events.run_until_fold(rows)
    before = digests(events.home)

    found = plan(events.request(rows))

    assert (found.unchanged, found.new) == (2, 0)
    assert digests(events.home) == before


def test_a_plan_names_the_guard_that_would_stop_the_run(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([profile(str(n), Name="Li") for n in range(30)])

    found = plan(profiles.request([profile("0", Name="Li")]))

    assert found.objection
    assert "allow: [max_removed]" in found.objection
    assert found.removals == 29


def test_a_plan_names_a_changed_event_key(events: Sync) -> None:
    events.run([event("e1")])
    events.policy_with(event_key="OrderId")

    found = plan(events.request([event("o1")]))

    assert found.objection
    assert "event_key was InvoiceId and is OrderId now" in found.objection
    assert found.new == 1


def test_a_plan_and_its_run_agree(events: Sync) -> None:
    request = events.request([event(f"e{n}", identity=str(n)) for n in range(2500)])

    found = plan(request)
    result = events.send(request)

    assert found.new == result.counts.acked == 2500
    assert found.requests == result.requests


def test_a_plan_tells_of_a_renamed_field_that_it_stays(profiles: Sync) -> None:
    profiles.run([profile("1", Tier="gold"), profile("2", Tier=None)])
    profiles.policy_with(declaration="d2")
    renamed = [profile("1", Level="gold"), profile("2", Level=None)]

    found = plan(profiles.request(renamed))

    assert found.properties == (
        PropertyChange("Level", 1, ((None, mask("gold")),)),
        PropertyChange("Tier", 1, ((mask("gold"), None),), stays=True),
    )
    assert found.notes == (
        "Tier stays in CleverTap (profiles that have it: 1). The declaration sends it no more, and "
        "only a record that clears it removes it (on_null: clear, from an empty column)",
    )
    profiles.run(renamed)
    assert plan(profiles.request(renamed)).notes == ()


@pytest.mark.parametrize(("answer", "new"), [("same", 1), ("new", 3)])
def test_a_plan_shows_what_each_answer_would_send(events: Sync, answer: str, new: int) -> None:
    events.policy_with(meaning={"event": "Ordered"})
    events.run([event("e1"), event("e2")])
    events.policy_with(meaning={"event": "Returned"})
    rows = [event("e1", Loss=1), event("e2", Loss=1), event("e3", Loss=1)]
    before = digests(events.home)

    found = plan(events.request(rows, allow=frozenset([f"changed_meaning:{answer}"])))

    assert (found.objection, found.new) == (None, new)
    assert digests(events.home) == before
