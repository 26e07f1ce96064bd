"""A sensor and runs whose data folders differ, as those of a code server and a run worker may."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from ct_assets.commands.checkup.instance import data_folders
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.components.automation import source_sensor
from ct_assets.components.project.data_folders import staged_elsewhere
from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.staging import Staging
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

EVENTS = (
    kit.CUSTOMERS.replace("object: profile", "object: event\n  event: Ordered\n  event_key: id")
    + "  trigger: on_change\n"
)
ALL = ("shop/customer", "customers/valid", "customers/rejected", "customers/clevertap")


def ticked(
    defs: dg.Definitions, instance: dg.DagsterInstance, cursor: str | None
) -> SensorExecutionData:
    """A tick of the sensor, in whose process CT_DATA_DIR is that of now."""
    repository = defs.get_repository_def()
    context = dg.build_sensor_context(
        instance,
        cursor=cursor,
        repository_def=repository,
        resources={"ct_staging": ParquetStaging(), "ct_warehouse": WarehouseResource()},
    )
    return repository.get_sensor_def("customers_on_change").evaluate_tick(context)


def test_rows_that_runs_read_into_a_folder_of_their_own_are_neither_asked_for_nor_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> None:
    send_to(clevertap_sandbox, monkeypatch)
    monkeypatch.setattr(source_sensor, "ASK_AGAIN_SECONDS", 0)
    (tmp_path / "customer.csv").write_text(
        "id,name,mail\n1,Ada,a@example.org\n2,Bob,b@example.org\n"
    )
    files = {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": EVENTS}
    defs, instance = kit.load(tmp_path, files), dg.DagsterInstance.ephemeral()
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "sensor"))
    asked = ticked(defs, instance, None)
    assert asked.run_requests

    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "run"))
    run = kit.run(defs, *ALL, instance=instance)
    assert run.success, kit.failure(run)
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "sensor"))
    again = ticked(defs, instance, asked.cursor)

    assert again.skip_message == (
        f"run {run.run_id[:8]} has read shop/customer, but what it read is not in "
        f"{tmp_path / 'sensor' / 'staging'}: runs and this sensor have different data folders. "
        "Give all of them the same CT_DATA_DIR, on one disk; this change is not asked for again"
    )
    assert not again.run_requests
    (told,) = data_folders(Project.of(defs), instance)
    assert told.status == "note"
    here = tmp_path / "sensor" / "staging"
    named = f"run {run.run_id[:8]} staged shop/customer in another folder than {here}. "
    assert told.found.startswith(named)

    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "next run"))  # as in a container of its own
    stopped = kit.run(defs, *ALL, instance=instance)

    assert "state.duckdb is missing, though Dagster's event log and " in kit.failure(stopped)
    assert len(clevertap_sandbox.events()) == 2


@pytest.mark.parametrize(
    ("path", "other"),
    [("here/staging/a.parquet", None), ("here/staging/b.parquet", False), ("run/a.parquet", True)],
)
def test_the_path_that_earlier_versions_noted_is_understood(
    tmp_path: Path, path: str, other: object
) -> None:
    staging, instance = Staging(tmp_path / "here" / "staging"), dg.DagsterInstance.ephemeral()
    staging.root.mkdir(parents=True)
    (staging.root / "a.parquet").touch()
    asset, noted = dg.AssetKey("customer"), {"path": dg.MetadataValue.path(tmp_path / path)}
    instance.report_runless_asset_event(dg.AssetMaterialization(asset, metadata=noted))

    found = staged_elsewhere(instance, asset, staging)

    assert (found and found.is_other_folder) == other
