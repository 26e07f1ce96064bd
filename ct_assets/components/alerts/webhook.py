"""Webhook posts alerts: as `{"text": ...}`, which Slack and others take, or with all parts."""

import html
import os
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import Field

from ct_assets.clevertap.destination import is_loopback
from ct_assets.components.alerts.alert import Alert
from ct_assets.components.alerts.channel import AlertChannel, AlertError

URL = "CT_ALERTS_URL"


class Webhook(AlertChannel):
    """Tells a chat, or a program, which sync needs a person. Off as long as it has no URL."""

    url: str | None = Field(
        default=None, description=f"Left out: {URL}; without that either, nothing is told."
    )
    format: Literal["slack", "json"] = Field(
        default="slack",
        description="`slack`: `text` alone. `json`: also sync, destination, about, state, "
        "severity, what, todo, run, link and key.",
    )
    headers: dict[str, str] = Field(
        default={}, description="Such as `Authorization`; a secret is a dg.EnvVar."
    )
    seconds: float = Field(default=10, description="How long one attempt may take.")

    def enabled(self, environ: Mapping[str, str] = os.environ) -> bool:
        return bool(self.url or environ.get(URL))

    def send(self, alert: Alert) -> None:
        if self.format == "json":
            self._post(_parts(alert))
        else:
            self.tell(html.escape(alert.text, quote=False))

    def tell(self, text: str, environ: Mapping[str, str] = os.environ) -> None:
        """Posts `text`.

        Raises:
            AlertError: The webhook did not take it, twice.
        """
        self._post({"text": text}, environ)

    def _post(self, body: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> None:
        from ct_assets.components.alerts.webhook_call import post  # with the first alert

        url = _checked(self.url or environ.get(URL, ""))
        if why := post(url.geturl(), body, self.headers, self.seconds):
            raise AlertError(f"{URL}: the webhook at {url.hostname} {why}; the alert is lost")


def _parts(alert: Alert) -> dict[str, Any]:
    return {
        "text": alert.text,
        "sync": alert.sync,
        "destination": alert.destination,
        "about": list(alert.about),
        "state": "over" if alert.is_over else "begun",
        "severity": alert.severity,
        "what": alert.what,
        "todo": alert.todo,
        "run": alert.run,
        "link": alert.link,
        "key": [alert.keyed(about) for about in alert.about],
    }


def _checked(text: str) -> SplitResult:
    """Splits a URL; only https or loopback pass: an alert names accounts and syncs."""
    try:
        url = urlsplit(text)
        host = url.hostname or ""
    except ValueError:
        host = ""
    if not host or url.scheme not in ("http", "https"):
        raise AlertError(f"{URL} is not a web address")
    if url.scheme == "http" and not is_loopback(host):
        raise AlertError(f"{URL} is http to {host}; only https is used, except on loopback")
    return url
