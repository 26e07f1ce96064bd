"""Ends runs whose process is gone, which hold places and syncs back for ever: a sensor."""

import dagster as dg

from ct_assets.components.runs.sync_runs import end_lost

NAME = "lost_runs"
SECONDS = 60


def lost_runs_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Ends runs of syncs whose process is gone, so that others get their place.",
    )
    def looked(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        ended = end_lost(context.instance, context.repository_def)
        named = ", ".join(run.run_id[:8] for run in ended)
        return dg.SkipReason(f"ended {named}: their process was lost" if ended else "none is lost")

    return looked
