"""A change of a source asks for the whole chain once, wherever it comes from."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import StepMaterializationData

from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource
from ct_assets.mapping.declaration.rules.catalog_names import STAGES
from ct_assets_tests.components import kit
from ct_assets_tests.components.automation.automation_kit import (
    CHAIN,
    ELSEWHERE,
    FOLLOWS,
    HOURLY,
    ORDERS,
    evaluate,
    load,
    materialized,
    requested,
)

pytestmark = [pytest.mark.sampled(4), pytest.mark.usefixtures("customer_file")]


def sends(
    instance: dg.DagsterInstance, defs: dg.Definitions, keys: Sequence[str], partition: str
) -> None:
    """A run that makes these, as events; such as belong to no run are taken for news of others."""
    job = defs.get_repository_def().get_implicit_global_asset_job_def()
    assets = [dg.AssetKey.from_user_string(key) for key in keys]
    run = instance.create_run_for_job(job, asset_selection=frozenset(assets))
    for asset in assets:
        made = StepMaterializationData(dg.AssetMaterialization(asset, partition=partition))
        kind = dg.DagsterEventType.ASSET_MATERIALIZATION.value
        event = dg.DagsterEvent(kind, run.job_name, event_specific_data=made)
        instance.report_dagster_event(event, run.run_id)
    instance.report_run_canceled(run)


def test_a_change_of_the_source_asks_for_the_whole_chain_once(tmp_path: Path) -> None:
    defs, instance = load(tmp_path, FOLLOWS), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer", *sorted(CHAIN))
    first = evaluate(defs, instance)

    materialized(instance, "shop/customer")
    second = evaluate(defs, instance, first)
    third = evaluate(defs, instance, second)

    assert [requested(r, defs) for r in (first, second, third)] == [set(), CHAIN, set()]


@pytest.mark.parametrize("ours", [CHAIN, set(CHAIN) | {"shop/customer"}], ids=["asked", "by hand"])
@pytest.mark.parametrize("looks", [0, 1, 2], ids="{} looks meanwhile".format)
def test_a_change_that_comes_while_its_predecessor_is_sent_is_not_forgotten(
    tmp_path: Path, ours: set[str], looks: int
) -> None:
    defs, instance = load(tmp_path, FOLLOWS), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer", *sorted(CHAIN))
    seen = evaluate(defs, instance)
    materialized(instance, "shop/customer")
    seen = evaluate(defs, instance, seen)
    run = kit.begun(defs, instance, *ours)

    materialized(instance, "shop/customer")
    for _ in range(looks):
        seen = evaluate(defs, instance, seen)
        assert requested(seen, defs) == set()
    materialized(instance, *sorted(CHAIN))
    instance.report_run_canceled(run)
    asked = [requested(seen := evaluate(defs, instance, seen), defs) for _ in range(3)]

    assert asked == [CHAIN, set(), set()]


@pytest.mark.parametrize("ours", [CHAIN, CHAIN | {"shop/customer"}], ids=["asked", "by hand"])
def test_what_people_cancel_is_left_until_the_next_change(tmp_path: Path, ours: set[str]) -> None:
    defs, instance = load(tmp_path, FOLLOWS), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer", *sorted(CHAIN))
    first = evaluate(defs, instance)
    instance.report_run_canceled(kit.begun(defs, instance, *ours))

    second = evaluate(defs, instance, first, at=datetime.now(UTC) + timedelta(minutes=11))
    materialized(instance, "shop/customer")
    third = evaluate(defs, instance, second, at=datetime.now(UTC) + timedelta(minutes=22))

    assert [requested(r, defs) for r in (second, third)] == [set(), CHAIN]


def test_a_new_sync_follows_what_was_read_before_it(tmp_path: Path) -> None:
    defs, instance = load(tmp_path, FOLLOWS), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer")

    first = evaluate(defs, instance)

    assert requested(first, defs) == CHAIN
    assert requested(evaluate(defs, instance, first), defs) == set()


def test_a_change_goes_to_the_partition_before_the_latest_too(tmp_path: Path) -> None:
    parts = "  partition: {by: at, every: day, start: 2026-01-01}\n  ts: at\n"
    sync = ORDERS.replace("  after: [customers]\n", parts)
    defs, instance = load(tmp_path, sync), dg.DagsterInstance.ephemeral()
    sent = dg.AssetKey(["orders", "clevertap"])
    materialized(instance, "shop/customer")

    seen, asked = None, []
    for minute in ("05T23:58", "05T23:59", "06T00:01", "06T00:02"):
        if minute == "06T00:01":
            materialized(instance, "shop/customer")  # with what happened just before midnight
        seen = evaluate(defs, instance, seen, at=datetime.fromisoformat(f"2026-01-{minute}:00Z"))
        asked.append({part for part in seen.get_requested_partitions(sent) if part})
        for part in sorted(asked[-1]):
            sends(instance, defs, [f"orders/{stage}" for stage in STAGES], part)

    assert asked == [{"2026-01-04", "2026-01-05"}, set(), {"2026-01-05", "2026-01-06"}, set()]


def test_what_goes_before_does_not_set_off_what_goes_after(tmp_path: Path) -> None:
    defs = load(tmp_path, FOLLOWS, **{"orders/defs.yaml": ORDERS})
    instance = dg.DagsterInstance.ephemeral()
    keys = [spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()]
    materialized(instance, *sorted(keys))
    first = evaluate(defs, instance)

    materialized(instance, "customers/clevertap")
    second = evaluate(defs, instance, first)

    assert requested(second, defs) == {"customers/undelivered"}


@pytest.mark.parametrize("sync", [kit.CUSTOMERS, HOURLY, FOLLOWS + "  paused: true\n"])
def test_other_syncs_are_not_started_by_changes(tmp_path: Path, sync: str) -> None:
    defs, instance = load(tmp_path, sync), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer", *sorted(CHAIN))
    first = evaluate(defs, instance)

    materialized(instance, "shop/customer")

    assert requested(evaluate(defs, instance, first), defs) == set()
    sensors = [s.name for s in defs.get_repository_def().sensor_defs]
    assert sorted(sensors) == ["alert_on_budget", "alert_on_failure", "automation", "lost_runs"]


def test_a_source_that_two_syncs_follow_is_read_once(tmp_path: Path) -> None:
    repository = load(tmp_path, FOLLOWS, **{"orders/defs.yaml": ORDERS}).get_repository_def()
    instance = dg.DagsterInstance.ephemeral()

    def asks() -> list[dg.RunRequest | str | None]:
        names = ("customers_on_change", "orders_on_change")
        resources = {"ct_staging": ParquetStaging(), "ct_warehouse": WarehouseResource()}
        sensors = [repository.get_sensor_def(name) for name in names]
        found: list[dg.RunRequest | str | None] = []
        for sensor in sensors:
            context = dg.build_sensor_context(
                instance, repository_def=repository, resources=resources
            )
            ticked = sensor.evaluate_tick(context)
            found += ticked.run_requests or [ticked.skip_message]
        return found

    first, second = asks()
    assert isinstance(first, dg.RunRequest)
    assert second == "customers_on_change reads shop/customer for this sync, too"
    instance.create_run_for_job(
        repository.get_job("customers_sync"), status=dg.DagsterRunStatus.STARTED
    )
    assert asks()[0] == "shop/customer is being read"


OTHER = dg.AssetKey(["elsewhere", "customer"])


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        (dg.AssetMaterialization(OTHER), CHAIN | {"shop/customer"}),
        (dg.AssetObservation(OTHER, tags={"dagster/data_version": "2"}), set()),
    ],
    ids=["made anew", "only observed"],
)
def test_an_asset_of_another_code_location_sets_off_what_reads_it(
    tmp_path: Path, event: dg.AssetMaterialization | dg.AssetObservation, asked: set[str]
) -> None:
    defs = load(tmp_path, FOLLOWS, **{"shop/defs.yaml": ELSEWHERE})
    instance = dg.DagsterInstance.ephemeral()
    materialized(instance, "elsewhere/customer", "shop/customer", *sorted(CHAIN))
    first = evaluate(defs, instance)

    instance.report_runless_asset_event(event)
    second = evaluate(defs, instance, first)
    third = evaluate(defs, instance, second)

    assert [requested(r, defs) for r in (second, third)] == [asked, set()]


def test_a_change_elsewhere_while_its_predecessor_is_read_is_not_forgotten(tmp_path: Path) -> None:
    defs = load(tmp_path, kit.CUSTOMERS, **{"shop/defs.yaml": ELSEWHERE})
    instance = dg.DagsterInstance.ephemeral()
    materialized(instance, "elsewhere/customer", "shop/customer")
    seen = evaluate(defs, instance)
    materialized(instance, "elsewhere/customer")
    seen = evaluate(defs, instance, seen)
    run = kit.begun(defs, instance, "shop/customer")

    materialized(instance, "elsewhere/customer")
    materialized(instance, "shop/customer")
    instance.report_run_canceled(run)
    asked = [requested(seen := evaluate(defs, instance, seen), defs) for _ in range(3)]

    assert asked == [{"shop/customer"}, set(), set()]
