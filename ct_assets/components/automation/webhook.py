"""Posts alerts to a webhook that takes `{"text": ...}`, as those of Slack and others do."""

import contextlib
import os
import time
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import dagster as dg
import httpx
from pydantic import Field

from ct_assets.clevertap.destination import is_loopback
from ct_assets.clevertap.transport import LOST, NOT_SENT, DeadlinePool, proxy_of
from ct_assets.errors import UserError

URL, DAGSTER = "CT_ALERTS_URL", "CT_DAGSTER_URL"
ATTEMPTS = 2


class AlertError(UserError):
    """The webhook did not take an alert. Names its host alone: the rest of a URL is a password."""


class Webhook(dg.ConfigurableResource[None]):
    """Tells a chat which sync needs a person. Off as long as it has no URL."""

    url: str | None = Field(
        default=None, description=f"Left out: {URL}; without that either, nothing is told."
    )
    dagster: str | None = Field(
        default=None,
        description=f"Where people open Dagster, for links. Left out: {DAGSTER}, or this machine.",
    )
    quiet_hours: float = Field(
        default=24, description="How long the same thing of the same sync is not told again."
    )
    seconds: float = Field(default=10, description="How long one attempt may take.")

    def enabled(self, environ: Mapping[str, str] = os.environ) -> bool:
        return bool(self.url or environ.get(URL))

    def link(self, run: str, environ: Mapping[str, str] = os.environ) -> str:
        base = self.dagster or environ.get(DAGSTER) or "http://127.0.0.1:3000"
        return f"{base.rstrip('/')}/runs/{run}"

    def tell(self, text: str, environ: Mapping[str, str] = os.environ) -> None:
        """Posts `text`.

        Raises:
            AlertError: The webhook did not take it, twice.
        """
        url = _checked(self.url or environ.get(URL, ""))
        proxy = proxy_of(url.geturl())
        # Without an httpx.Client above it, which would log the URL.
        pool = DeadlinePool(connections=1, proxy=proxy, clock=time.monotonic)
        with contextlib.closing(pool):
            for _ in range(ATTEMPTS):
                why = self._attempt(pool, url.geturl(), text)
                if not why:
                    return
        raise AlertError(f"{URL}: the webhook at {url.hostname} {why}; the alert is lost")

    def _attempt(self, pool: DeadlinePool, url: str, text: str) -> str:
        request = httpx.Request("POST", url, json={"text": text})
        try:
            with pool.response(request, self.seconds) as response:
                return "" if response.is_success else f"answers HTTP {response.status_code}"
        except (*NOT_SENT, *LOST) as error:
            return f"cannot be reached ({type(error).__name__})"


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
