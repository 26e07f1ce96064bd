"""WebhookCall posts JSON to a web address, and says why it was not taken.

It is imported with the first alert: few processes that load definitions tell of one.
"""

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import httpx

from ct_assets.clevertap.transport import LOST, NOT_SENT, DeadlinePool, proxy_of

ATTEMPTS = 2


def post(url: str, body: Mapping[str, Any], headers: Mapping[str, str], seconds: float) -> str:
    """Says why nobody took it, in words for after the name of the host; empty if it was taken.

    `seconds` bound each attempt.
    """
    # Without an httpx.Client above it, which would log the URL.
    pool = DeadlinePool(connections=1, proxy=proxy_of(url), clock=time.monotonic)
    request, why = httpx.Request("POST", url, json=body, headers=headers), ""
    with contextlib.closing(pool):
        for _ in range(ATTEMPTS):
            why = _attempt(pool, request, seconds)
            if not why:
                break
    return why


def _attempt(pool: DeadlinePool, request: httpx.Request, seconds: float) -> str:
    try:
        with pool.response(request, seconds) as response:
            return "" if response.is_success else f"answers HTTP {response.status_code}"
    except (*NOT_SENT, *LOST) as error:
        return f"cannot be reached ({type(error).__name__})"
