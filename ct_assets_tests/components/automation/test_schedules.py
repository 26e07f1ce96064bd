"""Schedules and sensors start the runs that a declaration asks for."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType

from ct_assets.components.automation.schedules import cron_problems, tick
from ct_assets.components.project import registry
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource
from ct_assets.staging import Staging
from ct_assets_tests.components import kit
from ct_assets_tests.components.automation.automation_kit import (
    CHAIN,
    FOLLOWS,
    HOURLY,
    ORDERS,
    load,
)

pytestmark = [pytest.mark.sampled(4), pytest.mark.usefixtures("customer_file")]


def test_a_cron_line_runs_the_chain_unless_it_is_under_way(tmp_path: Path) -> None:
    repository = load(tmp_path, HOURLY).get_repository_def()
    (schedule,) = repository.schedule_defs
    sync = registry.catalogue(load(tmp_path, HOURLY))["customers"].sync
    instance, staging = dg.DagsterInstance.ephemeral(), Staging(tmp_path / "staging")

    def ticked() -> dg.RunRequest | dg.SkipReason:
        return tick(sync, instance, staging, datetime(2026, 1, 1, tzinfo=UTC))

    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 7 * * *", "Europe/Rome")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    job = repository.get_job(schedule.job_name)
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == CHAIN | {
        "shop/customer"
    }
    assert isinstance(ticked(), dg.RunRequest)
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert ticked() == dg.SkipReason(f"customers is still under way in run {run.run_id[:8]}")


def test_a_paused_sync_has_no_schedule(tmp_path: Path) -> None:
    defs = load(tmp_path, HOURLY + "  paused: true\n")

    assert list(defs.get_repository_def().schedule_defs) == []


def test_a_sensor_that_is_stopped_reads_for_no_other(tmp_path: Path) -> None:
    repository = load(tmp_path, FOLLOWS, **{"orders/defs.yaml": ORDERS}).get_repository_def()
    resources = {"ct_staging": ParquetStaging(), "ct_warehouse": WarehouseResource()}
    with dg.instance_for_test() as instance:
        kit.stop(instance, "customers_on_change", InstigatorType.SENSOR)
        context = dg.build_sensor_context(instance, repository_def=repository, resources=resources)

        ticked = repository.get_sensor_def("orders_on_change").evaluate_tick(context)

    assert ticked.run_requests


def test_what_shall_run_unattended_is_running(tmp_path: Path) -> None:
    """Dagster's own default is that it is not."""
    repository = load(tmp_path, FOLLOWS, **{"orders/defs.yaml": ORDERS}).get_repository_def()

    statuses = {sensor.name: sensor.default_status for sensor in repository.sensor_defs}

    assert {"automation", "customers_on_change", "orders_on_change"} < set(statuses)
    assert set(statuses.values()) == {dg.DefaultSensorStatus.RUNNING}


@pytest.mark.parametrize(
    "line",
    [
        "0 * * * *",
        "*/15 0-6,20 1 jan-mar mon",
        "@daily",
        "5 4 * * sun",
        "0 0 31 12 7",
        "1-59/2 * * * *",
        "0 0 29 2 *",
        "0 0 31 1,2 *",
        "0 0 31 4 mon",
        "0 0 L * *",
        "0 0 * * 5#2",
        "0 0 ? * *",
        "0 0 31 apr,jun *",
        "on_change",
    ],
)
def test_cron_lines_that_dagster_takes(line: str) -> None:
    assert list(cron_problems({"trigger": line})) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("hourly", "'hourly' is no cron line; did you mean '@hourly'? Every hour is `0 * * * *`."),
        ("onchange", "'onchange' is no cron line; did you mean 'on_change'?"),
        ("0 0 * *", "'0 0 * *' is no cron line that Dagster knows. Write minute (0-59), hour"),
        ("* * * * * *", "'* * * * * *' is no cron line that Dagster knows. Write minute"),
        ("0 0 31 feb *", "'0 0 31 feb *' is no cron line that Dagster knows. Write minute"),
        ("60 * * * *", "'60 * * * *' is no cron line that Dagster knows. Write minute"),
        ("0 24 * * *", "'0 24 * * *' is no cron line that Dagster knows. Write minute"),
        ("0 0 0 * *", "'0 0 0 * *' is no cron line that Dagster knows. Write minute"),
        ("0 0 * foo *", "'0 0 * foo *' is no cron line that Dagster knows. Write minute"),
        ("*/0 * * * *", "'*/0 * * * *' is no cron line that Dagster knows. Write minute"),
        ("0 0 * * 8", "'0 0 * * 8' is no cron line that Dagster knows. Write minute"),
    ],
)
def test_cron_lines_that_dagster_refuses(line: str, told: str) -> None:
    (short,) = cron_problems({"trigger": line})
    (long,) = cron_problems({"trigger": {"cron": line}})

    assert (short.path, long.path) == (("trigger",), ("trigger", "cron"))
    assert short.message == long.message
    assert short.message.startswith(told)
