"""Runs whose process was lost hold nothing back; those that work are left alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from ct_assets.components.automation.schedules import tick
from ct_assets.components.project import registry
from ct_assets.components.runs import sync_runs
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource
from ct_assets.staging import Staging
from ct_assets_tests.components import kit
from ct_assets_tests.components.automation.automation_kit import (
    CHAIN,
    FOLLOWS,
    HOURLY,
    evaluate,
    load,
    materialized,
    requested,
)

pytestmark = [pytest.mark.sampled(4), pytest.mark.usefixtures("customer_file")]


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever run is under way has said nothing for too long."""
    monkeypatch.setattr(sync_runs, "SILENCE", timedelta(seconds=-1))


@pytest.mark.usefixtures("silent")
def test_a_run_in_the_queue_is_waited_for_however_long(tmp_path: Path) -> None:
    defs, instance = load(tmp_path, HOURLY), dg.DagsterInstance.ephemeral()
    sync = registry.catalogue(defs)["customers"].sync
    here = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("shop"), "__repository__")
    origin = RemoteJobOrigin(here, "customers_sync")
    queued = dg.DagsterRunStatus.QUEUED
    run = instance.add_run(dg.DagsterRun("customers_sync", status=queued, remote_job_origin=origin))
    instance.report_engine_event("waits for a place", run)

    def ticked() -> dg.RunRequest | dg.SkipReason:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return tick(sync, instance, Staging(tmp_path / "staging"), at)

    assert ticked() == dg.SkipReason(f"customers is still under way in run {run.run_id[:8]}")
    begin = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_START.value, run.job_name)
    instance.report_dagster_event(begin, run.run_id)
    assert isinstance(ticked(), dg.RunRequest)


def watched(defs: dg.Definitions, instance: dg.DagsterInstance) -> None:
    """The sensor of customers looks."""
    repository = defs.get_repository_def()
    resources = {"ct_staging": ParquetStaging(), "ct_warehouse": WarehouseResource()}
    context = dg.build_sensor_context(instance, repository_def=repository, resources=resources)
    repository.get_sensor_def("customers_on_change").evaluate_tick(context)


def status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found
    return found.status


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("what", ["the chain", "the source", "the job"])
def test_a_run_whose_process_was_lost_holds_nothing_back(tmp_path: Path, what: str) -> None:
    defs, instance = load(tmp_path, FOLLOWS), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer", *sorted(CHAIN))
    first = evaluate(defs, instance)
    if what == "the job":
        job = defs.resolve_job_def("customers_sync")
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    else:
        run = kit.begun(defs, instance, *(CHAIN if what == "the chain" else ["shop/customer"]))
    materialized(instance, "shop/customer")
    second = evaluate(defs, instance, first)

    watched(defs, instance)

    assert requested(second, defs) == set()
    assert requested(evaluate(defs, instance, second), defs) == CHAIN
    assert status(instance, run) is dg.DagsterRunStatus.FAILURE


@pytest.mark.usefixtures("silent")
def test_a_run_that_was_being_cancelled_ends_as_that(tmp_path: Path) -> None:
    defs, instance = load(tmp_path, FOLLOWS), dg.DagsterInstance.ephemeral()
    run = kit.begun(defs, instance, *CHAIN, status=dg.DagsterRunStatus.CANCELING)

    watched(defs, instance)

    assert status(instance, run) is dg.DagsterRunStatus.CANCELED


THEIRS = """
import dagster as dg

@dg.asset
def training(): ...
"""


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("keys", [{"training"}, CHAIN | {"training"}], ids=["alone", "with ours"])
def test_assets_of_others_may_be_silent_for_long(tmp_path: Path, keys: set[str]) -> None:
    defs, instance = (
        load(tmp_path, FOLLOWS, **{"theirs/assets.py": THEIRS}),
        dg.DagsterInstance.ephemeral(),
    )
    run = kit.begun(defs, instance, *keys)

    watched(defs, instance)

    assert status(instance, run) is dg.DagsterRunStatus.STARTED


def test_a_run_that_speaks_is_left_alone(tmp_path: Path) -> None:
    defs, instance = load(tmp_path, FOLLOWS), dg.DagsterInstance.ephemeral()
    run = kit.begun(defs, instance, *CHAIN)

    watched(defs, instance)

    assert status(instance, run) is dg.DagsterRunStatus.STARTED
