"""Loads a project, tells its automation of changes, and says which assets are asked for."""

from datetime import datetime
from pathlib import Path

import dagster as dg

from ct_assets_tests.components import kit

CSV = "id,name,mail\n1,Ada,ada@example.org\n"
FOLLOWS = kit.CUSTOMERS + "  trigger: on_change\n"
HOURLY = kit.CUSTOMERS + "  trigger: {cron: '30 7 * * *', timezone: Europe/Rome}\n"
ORDERS = (
    FOLLOWS.replace("name: customers", "name: orders")
    .replace("object: profile", "object: event\n  event: Ordered\n  event_key: id")
    .replace("    Name: name\n    Email: mail\n", "    Email: mail\n")
    + "  after: [customers]\n"
)
ELSEWHERE = kit.SOURCE + "  upstream: [elsewhere/customer]\n"
CHAIN = {f"customers/{stage}" for stage in ("valid", "rejected", "clevertap", "undelivered")}


def load(root: Path, sync: str, **more: str) -> dg.Definitions:
    return kit.load(root, {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": sync, **more})


def materialized(instance: dg.DagsterInstance, *keys: str) -> None:
    for key in keys:
        asset = dg.AssetMaterialization(dg.AssetKey.from_user_string(key))
        instance.report_runless_asset_event(asset)


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
