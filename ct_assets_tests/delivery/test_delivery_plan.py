from ct_assets.delivery.delivery_plan import DeliveryPlan, make_plan
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff.removals import RemovalPlan
from ct_assets.delivery.state.scratch_tables import NUMBERED, REMOVALS
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets_tests.delivery.kit import Sync, profile

ADA, BOB = profile("1", Name="Ada"), profile("2", Name="Bob")


def planned(sync: Sync, request: DeliveryRequest) -> tuple[DeliveryPlan, list[tuple[int, int]]]:
    """The plan, and batch and position of each row or removal."""
    with SyncState.open(sync.home, sync.policy) as state, state.database() as connection:
        plan = make_plan(connection, request, count_kept=True)
        batches = f"select batch, position from {NUMBERED} union all"
        removals = f"select batch, position from {REMOVALS} order by all"
        return plan, connection.execute(f"{batches} {removals}").fetchall()


def test_every_row_has_its_fate_and_its_batch(profiles: Sync) -> None:
    plan, places = planned(profiles, profiles.request([ADA, BOB]))

    assert plan.diff.fates == {"new": 2}
    assert plan.removals == RemovalPlan()
    assert plan.objection is None
    assert places == [(0, 0), (0, 1)]


def test_removals_follow_and_a_guard_objects(profiles: Sync) -> None:
    profiles.policy_with(on_removed="clear")
    profiles.run([ADA, BOB])

    plan, places = planned(profiles, profiles.request([]))

    assert plan.removals == RemovalPlan(rows=2, planned=2)
    assert plan.objection
    assert "run once with allow: [empty_source]" in plan.objection
    assert places == [(0, 0), (0, 1)]


def test_removed_rows_that_are_kept_are_counted(profiles: Sync) -> None:
    profiles.run([ADA, BOB])

    plan, _ = planned(profiles, profiles.request([ADA]))

    assert plan.removals == RemovalPlan(rows=1)
    assert plan.diff.fates == {"unchanged": 1}
