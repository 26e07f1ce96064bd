"""AlertChannel is a way to tell people, as a resource: which alerts it takes, and when."""

import os
from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dagster as dg
from pydantic import Field

from ct_assets.components.alerts.alert import SEVERITIES, Alert, Severity
from ct_assets.errors import UserError

DAGSTER = "CT_DAGSTER_URL"


class AlertError(UserError):
    """A channel did not take an alert. Names its host alone: the rest of a URL is a password."""


class AlertChannel(dg.ConfigurableResource[None]):
    """Settings of all channels; resources whose keys begin with `ct_alerts` are told."""

    dagster: str | None = Field(
        default=None,
        description=f"Where people open Dagster, for links. Left out: {DAGSTER}, or this machine.",
    )
    severity: str = Field(
        default="info", description=f"The least that it takes: {', '.join(SEVERITIES)}."
    )
    quiet: str | None = Field(
        default=None,
        description="Hours in which it is told what is critical alone, such as `22:00-07:00`; "
        "the rest is told after them, unless it is over by then.",
    )
    timezone: str = Field(default="UTC", description="Of `quiet`, such as `Europe/Rome`.")
    quiet_hours: float | None = Field(
        default=None,
        description="After how many hours a state that lasts is told again. Left out: never.",
    )

    def enabled(self, environ: Mapping[str, str] = os.environ) -> bool:  # noqa: ARG002
        """Whether there is anybody to tell."""
        return True

    @abstractmethod
    def send(self, alert: Alert) -> None:
        """Tells of it.

        Raises:
            AlertError: It was not taken.
        """

    def takes(self, severity: Severity) -> bool:
        if self.severity not in SEVERITIES:
            raise AlertError(f"severity: {self.severity!r} is none of {', '.join(SEVERITIES)}")
        return SEVERITIES.index(severity) >= SEVERITIES.index(self.severity)

    def is_quiet(self, severity: Severity, now: datetime) -> bool:
        """Whether an alert waits until the quiet hours are over."""
        if self.quiet is None or severity == "critical":
            return False
        begin, end = _hours(self.quiet)
        at = now.astimezone(_zone(self.timezone)).time()
        return begin <= at < end if begin < end else at >= begin or at < end

    def link(self, run: str, environ: Mapping[str, str] = os.environ) -> str:
        base = self.dagster or environ.get(DAGSTER) or "http://127.0.0.1:3000"
        return f"{base.rstrip('/')}/runs/{run}"


def _hours(text: str) -> tuple[time, time]:
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise AlertError(f"quiet: {text!r} are no hours; write 22:00-07:00") from None
    return begin, end


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise AlertError(f"timezone: {name!r} is none; write Europe/Rome") from None
