"""Holds what the endpoints of one sandbox share: settings, store, judge, slots, faults."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.faults import FaultName, Faults
from ct_assets.sandbox.judge.identity_checks import ProfileIdentifier
from ct_assets.sandbox.judge.upload_checks import Judge
from ct_assets.sandbox.requests_in_flight import RequestsInFlight
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.store.sandbox_store import Store
from ct_assets.sandbox.store.sqlite_database import FILE


@dataclass
class Sandbox:
    settings: Settings
    store: Store
    judge: Judge
    slots: RequestsInFlight
    clock: Callable[[], float] = time.time
    faults: Faults = field(default_factory=Faults)
    bodies: deque[tuple[int, bytes]] = field(default_factory=deque)
    """Number and body of the last requests, if the settings say so."""


@dataclass(frozen=True, slots=True)
class Call:
    number: int
    query: dict[str, str]
    body: bytes
    now: float
    host: str = ""
    """The name by which the sender reached the sandbox."""
    fault: FaultName = "ok"


Handler = Callable[[Sandbox, Call], Answer]


def open_sandbox(
    folder: Path, settings: Settings | None = None, *, clock: Callable[[], float] = time.time
) -> Sandbox:
    settings = settings or Settings()
    store = Store(folder / FILE, settings)
    bodies: deque[tuple[int, bytes]] = deque(maxlen=settings.keep_bodies)
    judge = Judge(settings, lambda object_id: store.knows(ProfileIdentifier("objectId", object_id)))
    slots = RequestsInFlight(settings.cooldown_seconds)
    return Sandbox(settings, store, judge, slots, clock, bodies=bodies)
