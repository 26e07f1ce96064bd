"""Which sync a run is for, told by its tag: the runs of automation have no job that says it."""

from pathlib import Path

import dagster as dg
import pytest

from ct_assets.components.automation.schedules import CRASH_RETRIES
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

FOLLOWS = kit.CUSTOMERS + "  trigger: on_change\n"
VIPS = FOLLOWS.replace("name: customers", "name: vips").replace("    Email: mail\n", "")
MEMBERS = kit.CUSTOMERS.replace("name: customers", "name: members") + '  trigger: "@daily"\n'
FILES = {
    "shop/defs.yaml": kit.SOURCE,
    "customers/defs.yaml": FOLLOWS,
    "vips/defs.yaml": VIPS,
    "members/defs.yaml": MEMBERS,
}


@pytest.fixture
def defs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "customer.csv").write_text("id,name,mail\n1,Ada,ada@example.org\n")
    return kit.load(tmp_path, FILES)


def test_a_run_of_a_schedule_bears_the_name_of_its_sync(defs: dg.Definitions) -> None:
    assert defs.resolve_job_def("members_sync").run_tags["clevertap/sync"] == "members"


def test_a_run_that_reads_a_source_anew_bears_the_names_of_all_that_follow_it(
    defs: dg.Definitions,
) -> None:
    repository = defs.get_repository_def()
    context = dg.build_sensor_context(
        dg.DagsterInstance.ephemeral(),
        repository_def=repository,
        resources={"ct_staging": ParquetStaging(), "ct_warehouse": WarehouseResource()},
    )

    tick = repository.get_sensor_def("customers_on_change").evaluate_tick(context)

    assert tick.run_requests
    (request,) = tick.run_requests

    assert request.tags.items() >= {**CRASH_RETRIES, "clevertap/sync": "customers, vips"}.items()


def test_a_run_that_a_condition_asks_for_bears_the_names_of_what_it_sends(
    defs: dg.Definitions, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> None:
    send_to(clevertap_sandbox, monkeypatch)
    instance = dg.DagsterInstance.ephemeral()
    assert kit.run(defs, "shop/customer", instance=instance).success
    every = dg.AssetSelection.all()
    asked = dg.evaluate_automation_conditions(defs, instance, every)
    keys = [
        spec.key for spec in defs.resolve_all_asset_specs() if asked.get_num_requested(spec.key)
    ]

    run = kit.run(defs, *(key.to_user_string() for key in keys), instance=instance)

    assert run.success, kit.failure(run)
    tags = instance.get_runs()[0].tags
    assert tags["clevertap/sync"] == "customers, vips"
