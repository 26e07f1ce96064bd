"""PlanMetadata shows a plan in Dagster: its rows, its changes, and what to know of it."""

from typing import Any

import dagster as dg

from ct_assets.components.preview.sync_plan import SyncPlan, remarks, row_lines, samples
from ct_assets.io_managers.metadata.metadata_tables import table


def plan_metadata(sync_plan: SyncPlan) -> dict[str, Any]:
    report = sync_plan.report
    columns = {"property": "string", "rows": "int", "for example (masked)": "string"}
    changes = [
        dict(zip(columns, (change.field, change.rows, samples(change)), strict=True))
        for change in report.properties
    ]
    asked = sync_plan.asked
    judged = {"would take": asked.accepted, "would refuse": dict(asked.refused)} if asked else {}
    return {
        "destination": sync_plan.destination,
        **({"partition": sync_plan.partition} if sync_plan.partition else {}),
        "rows": table(
            [{"rows": name, "count": rows} for name, rows in row_lines(sync_plan).items()]
        ),
        "requests": report.requests,
        "seconds_at_least": report.seconds,
        "properties": table(changes, columns),
        "to know": dg.MetadataValue.md(
            "\n".join(f"* {remark}" for remark in remarks(sync_plan)) or "-"
        ),
        **({"clevertap": dg.MetadataValue.json(judged)} if asked else {}),
    }
