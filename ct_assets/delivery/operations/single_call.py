"""A single call goes to CleverTap while somebody waits for it, again until it is taken."""

import threading
import time
from collections.abc import Callable
from random import Random

from ct_assets.clevertap.client import Answer
from ct_assets.clevertap.destination import Destination
from ct_assets.clevertap.verdicts import NotTaken, Verdict
from ct_assets.delivery.sender.limits import hosts_slots
from ct_assets.delivery.sender.limits.retry import Failures, Retry

RETRY = Retry(patience=30.0)
"""For a call that was not taken; short, since somebody waits for it at a terminal."""


def single_call(
    destination: Destination,
    send: Callable[[], Answer],
    read: Callable[[Answer], Verdict],
    stop: threading.Event,
    retry: Retry,
) -> Verdict | None:
    """The verdict, once CleverTap takes the request; None if stopped before."""
    failures, rng, reached = Failures(), Random(), False  # noqa: S311 -- spreads repeats
    while True:
        with hosts_slots.others(destination).slot(stop) as held:
            if not held:
                return None
            answer = send()
        verdict = read(answer)
        if not isinstance(verdict, NotTaken):
            return verdict
        reached = reached or verdict.reached
        seconds = retry.wait(
            failures, time.monotonic(), rng, reached=reached, floor=verdict.retry_after
        )
        if seconds is None:
            return verdict
        stop.wait(seconds)
