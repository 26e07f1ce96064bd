"""A project needs to define nothing, and keeps all that it defines."""

from pathlib import Path

import dagster as dg
import pytest

from ct_assets_tests.components import kit

FILES = {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": kit.CUSTOMERS}


def load(root: Path, code: str = "") -> dg.Definitions:
    own = {"own.py": f"import dagster as dg\nimport ct_assets\n{code}\n"} if code else {}
    return kit.load(root, FILES | own)


def automation(defs: dg.Definitions) -> dict[str, set[str]]:
    """The assets of each automation sensor."""
    graph = defs.resolve_asset_graph()
    return {
        sensor.name: {key.to_user_string() for key in sensor.asset_selection.resolve(graph)}
        for sensor in defs.sensors or ()
        if isinstance(sensor, dg.AutomationConditionSensorDefinition)
    }


def test_a_project_with_nothing_of_its_own(tmp_path: Path) -> None:
    defs = load(tmp_path)

    assert set(defs.resources or {}) == {"clevertap", "ct_alerts", "ct_staging", "ct_warehouse"}
    assert defs.executor is dg.in_process_executor
    names = {sensor.name for sensor in defs.get_repository_def().sensor_defs}
    assert names == {"automation", "lost_runs", "alert_on_failure", "alert_on_budget"}
    assert len(automation(defs)["automation"]) == 5
    dg.Definitions.validate_loadable(defs)


def test_its_own_resources_are_kept(tmp_path: Path) -> None:
    code = """
staging = ct_assets.ParquetStaging(root="elsewhere")
defs = dg.Definitions(resources={"ct_staging": staging, "mail": ct_assets.Webhook()})
"""
    resources = load(tmp_path, code).resources or {}

    assert set(resources) == {"clevertap", "ct_alerts", "ct_staging", "ct_warehouse", "mail"}
    assert resources["ct_staging"].root == "elsewhere"
    assert resources["clevertap"].staging is resources["ct_staging"]


def test_its_own_executor_is_kept(tmp_path: Path) -> None:
    defs = load(tmp_path, "defs = dg.Definitions(executor=dg.multiprocess_executor)")

    assert defs.executor is dg.multiprocess_executor


@pytest.mark.parametrize(
    ("sensor", "target", "expected"),
    [
        ("automation", "'shop/customer'", {"automation": 1}),
        ("own", "'shop/customer'", {"own": 1, "automation": 4}),
        ("own", "dg.AssetSelection.all()", {"own": 5}),
    ],
)
def test_its_own_automation_sensors_keep_their_assets(
    tmp_path: Path, sensor: str, target: str, expected: dict[str, int]
) -> None:
    code = f"own = dg.AutomationConditionSensorDefinition({sensor!r}, target={target})\n"
    defs = load(tmp_path, f"{code}defs = dg.Definitions(sensors=[own])")

    assert {name: len(keys) for name, keys in automation(defs).items()} == expected
    dg.Definitions.validate_loadable(defs)


def test_its_own_alerts_are_kept(tmp_path: Path) -> None:
    code = """
@dg.run_failure_sensor(name="alert_on_failure", description="Rings a bell.")
def own(context: dg.RunFailureSensorContext) -> None: ...
"""
    sensors = {s.name: s for s in load(tmp_path, code).sensors or ()}

    assert sensors["alert_on_failure"].description == "Rings a bell."
    assert "alert_on_budget" in sensors
