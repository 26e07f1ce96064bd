"""Pager raises incidents in PagerDuty by Dagster's own resource, and resolves them."""

from typing import Any

import dagster as dg

from ct_assets.components.alerts.alert import Alert
from ct_assets.components.alerts.channel import AlertChannel, AlertError


class Pager(AlertChannel):
    """`Pager(service=dagster_pagerduty.PagerDutyService(routing_key=dg.EnvVar(...)))`."""

    service: dg.ResourceDependency[Any]

    def send(self, alert: Alert) -> None:
        try:
            for about in alert.about:
                self.service.EventV2_create(
                    summary=alert.title,
                    source=alert.destination or "ct_assets",
                    severity=alert.severity,
                    event_action="resolve" if alert.is_over else "trigger",
                    dedup_key=alert.keyed(about),
                    component=alert.sync,
                    custom_details={"what": alert.what, "todo": alert.todo, "run": alert.link},
                )
        except Exception as error:  # whatever its client raises; its texts may have the key
            kind = type(error).__name__
            raise AlertError(f"PagerDuty did not take the alert ({kind}); it is lost") from None
