from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.events import StepMaterializationData
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from ct_assets.components.automation.schedules import cron_problems, tick
from ct_assets.components.project import registry
from ct_assets.components.runs import sync_runs
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource
from ct_assets.mapping.declaration.rules.catalog_names import STAGES
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.staging import Staging
from ct_assets_tests.components import kit

pytestmark = pytest.mark.sampled(4)

CSV = "id,name,mail\n1,Ada,ada@example.org\n"
FOLLOWS = kit.CUSTOMERS + "  trigger: on_change\n"
HOURLY = kit.CUSTOMERS + "  trigger: {cron: '30 7 * * *', timezone: Europe/Rome}\n"
ORDERS = (
    FOLLOWS.replace("name: customers", "name: orders")
    .replace("object: profile", "object: event\n  event: Ordered\n  event_key: id")
    .replace("    Name: name\n    Email: mail\n", "    Email: mail\n")
    + "  after: [customers]\n"
)
CHECKED = """
import dagster as dg
import polars as pl

CHECK = dg.AssetCheckSpec("complete", asset=["shop", "customer"], blocking=True)

@dg.asset(key=["shop", "customer"], check_specs=[CHECK], io_manager_key="ct_staging")
def customer():
    yield dg.Output(pl.DataFrame({{"id": ["1"], "name": ["Ada"], "mail": ["{mail}"]}}))
    yield dg.AssetCheckResult(passed={passed})
"""
CHAIN = {f"customers/{stage}" for stage in ("valid", "rejected", "clevertap", "undelivered")}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "customer.csv").write_text(CSV)


def load(root: Path, sync: str, **more: str) -> dg.Definitions:
    return kit.load(root, {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": sync, **more})


def materialized(instance: dg.DagsterInstance, *keys: str) -> None:
    for key in keys:
        asset = dg.AssetMaterialization(dg.AssetKey.from_user_string(key))
        instance.report_runless_asset_event(asset)


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


def requested(result: dg.EvaluateAutomationConditionsResult, defs: dg.Definitions) -> set[str]:
    keys = [spec.key for spec in defs.resolve_all_asset_specs()]
    return {key.to_user_string() for key in keys if result.get_num_requested(key)}


def evaluate(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    before: dg.EvaluateAutomationConditionsResult | None = None,
    at: datetime | None = None,
) -> dg.EvaluateAutomationConditionsResult:
    cursor = before.cursor if before else None
    everything = dg.AssetSelection.all()
    return dg.evaluate_automation_conditions(
        defs, instance, everything, cursor=cursor, evaluation_time=at
    )


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


def test_a_paused_sync_has_no_schedule(tmp_path: Path) -> None:
    defs = load(tmp_path, HOURLY + "  paused: true\n")

    assert list(defs.get_repository_def().schedule_defs) == []


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


OTHER = dg.AssetKey(["elsewhere", "customer"])
ELSEWHERE = kit.SOURCE + "  upstream: [elsewhere/customer]\n"


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


def test_a_source_that_failed_is_read_again(tmp_path: Path) -> None:
    defs = load(tmp_path, kit.CUSTOMERS, **{"shop/defs.yaml": ELSEWHERE})
    instance = dg.DagsterInstance.ephemeral()
    materialized(instance, "elsewhere/customer", "shop/customer")
    first = evaluate(defs, instance)
    instance.report_run_failed(kit.begun(defs, instance, "shop/customer"))

    again = evaluate(defs, instance, first, at=datetime.now(UTC) + timedelta(minutes=11))

    assert requested(again, defs) == {"shop/customer"}


@pytest.mark.parametrize("broken", ["the source's check fails", "too many rows are rejected"])
def test_what_automation_asks_for_sends_nothing_of_bad_rows(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clevertap_sandbox: SandboxInTest,
    broken: str,
) -> None:
    monkeypatch.setenv("CLEVERTAP_API_URL", clevertap_sandbox.url)
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", clevertap_sandbox.account_id)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", clevertap_sandbox.passcode)
    fails = broken == "the source's check fails"
    source = CHECKED.format(mail="ada@example.org" if fails else "ada", passed=not fails)
    files = {"shop/assets.py": source, "customers/defs.yaml": FOLLOWS}
    defs, instance = kit.load(tmp_path, files), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer", *sorted(CHAIN))
    first = evaluate(defs, instance)
    made = kit.run(defs, "shop/customer", instance=instance)

    asked = requested(evaluate(defs, instance, first), defs)
    result = kit.run(defs, *sorted(asked), instance=instance)

    assert made.success is not fails
    assert asked == CHAIN
    assert not result.success
    assert clevertap_sandbox.requests() == []


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


def test_what_fails_for_its_rows_fails_once_for_each_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> None:
    monkeypatch.setenv("CLEVERTAP_API_URL", clevertap_sandbox.url)
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", clevertap_sandbox.account_id)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", clevertap_sandbox.passcode)
    (tmp_path / "customer.csv").write_text(CSV.replace("ada@", "ada at "))
    defs, instance = load(tmp_path, FOLLOWS), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer", *sorted(CHAIN))
    seen = evaluate(defs, instance)
    kit.run(defs, "shop/customer", instance=instance)
    asked = []

    for minutes in (0, 1, 11, 22):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        seen = evaluate(defs, instance, seen, at)
        asked.append(requested(seen, defs))
        if asked[-1]:
            assert not kit.run(defs, *sorted(asked[-1]), instance=instance).success

    assert asked == [CHAIN, set(), set(), set()]


MODELS = """
import dagster as dg

elsewhere = dg.AssetSpec("elsewhere")

@dg.asset(deps=["elsewhere"])
def raw() -> None: ...

@dg.asset(deps=["raw"])
def model() -> None: ...
"""


@pytest.mark.parametrize(
    ("setting", "made"),
    [
        ("", set()),
        ("  upstream: none\n", set()),
        ("  upstream: direct\n", {"model"}),
        ("  upstream: all\n", {"model", "raw"}),
    ],
)
def test_a_job_makes_what_its_source_is_made_of_as_far_as_one_asks(
    tmp_path: Path, setting: str, made: set[str]
) -> None:
    source = kit.SOURCE + "  upstream: [model]\n"
    files = {"shop/defs.yaml": source, "customers/defs.yaml": kit.CUSTOMERS + setting}
    defs = kit.load(tmp_path, {**files, "models.py": MODELS})

    keys = defs.resolve_job_def("customers_sync").asset_layer.executable_asset_keys

    assert {key.to_user_string() for key in keys} == {"shop/customer", *CHAIN, *made}


def test_what_fails_before_the_source_holds_the_sync_back(tmp_path: Path) -> None:
    source = kit.SOURCE + "  upstream: [model]\n"
    failing = MODELS.replace("def raw() -> None: ...", "def raw() -> None: raise ValueError")
    files = {"shop/defs.yaml": source, "customers/defs.yaml": kit.CUSTOMERS + "  upstream: all\n"}
    job = kit.load(tmp_path, {**files, "models.py": failing}).resolve_job_def("customers_sync")

    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)

    assert not result.success
    assert not result.get_asset_materialization_events()
