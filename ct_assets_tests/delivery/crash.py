"""Deliveries in processes of their own, killed at chosen moments; the server is another process.

Run as a module it is one delivery. A process that is watched says on a pipe which phase it enters,
so that whoever watches it can kill it there.
"""

import contextlib
import functools
import importlib
import os
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import orjson

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import sandbox_destination
from ct_assets.delivery import DeliveryFailed, DeliveryRequest, deliver
from ct_assets.sandbox.faults import Plan
from ct_assets.sandbox.server.background_process import Address, ensure_running, folder_of, stop
from ct_assets.sandbox.store.sqlite_database import FILE, open_reader
from ct_assets_tests.delivery.kit import EVENTS

PIPE = "CRASH_PIPE"
PHASES = {"plan_delivery": "plan", "send_delivery": "send", "settle_delivery": "fold"}
RENAME_SECONDS = 0.004
"""Within which of a rename or removal a process is killed: before, during or just after it."""


@dataclass
class Server:
    folder: Path
    address: Address
    _arrivals: dict[str, list[int]] = field(default_factory=dict)
    _read: int = 0

    def arrivals(self) -> dict[str, list[int]]:
        """The requests in which each event arrived, by its key."""
        with contextlib.closing(open_reader(folder_of(self.folder) / FILE)) as connection:
            for seq, props, request in connection.execute(
                "select seq, props, request from events where seq > ? order by seq", (self._read,)
            ):
                self._arrivals.setdefault(orjson.loads(props)["Key"], []).append(request)
                self._read = seq
        return self._arrivals

    def most_in_flight(self) -> int:
        """Of uploads that were being answered at the same time, refused ones too."""
        query = "select max(in_flight) from requests where path = '/1/upload'"
        with contextlib.closing(open_reader(folder_of(self.folder) / FILE)) as connection:
            return int(connection.execute(query).fetchone()[0])


@contextlib.contextmanager
def server(folder: Path, latency: float) -> Iterator[Server]:
    address = ensure_running(folder)
    plan = Plan(latency_seconds=latency, jitter_seconds=latency).model_dump_json().encode()
    urllib.request.urlopen(
        urllib.request.Request(f"{address.url}/sandbox/faults", data=plan, method="PUT")
    ).close()
    try:
        yield Server(folder, address)
    finally:
        stop(folder)


@dataclass(frozen=True)
class Moment:
    phase: str
    """start, plan, send, fold, or rename."""
    number: int
    """Which one of its kind."""
    delay: float
    """Seconds after it began."""


@dataclass
class Timeline:
    """When a run that nobody killed entered its phases, in seconds from its start."""

    entered: list[tuple[float, str]]
    seconds: float

    def draw(self, rng: Random) -> Moment:
        """A moment of any phase, each as likely as the others."""
        phase = rng.choice(["start", *PHASES.values(), "rename"])
        if phase == "rename":
            renames = sum(name == "rename" for _, name in self.entered)
            return Moment(phase, rng.randint(1, renames), rng.uniform(0, RENAME_SECONDS))
        times = [("start", 0.0), *((n, t) for t, n in self.entered if n != "rename")]
        began = dict(times)[phase]
        ended = min([t for _, t in times if t > began], default=self.seconds)
        return Moment(phase, 1, rng.uniform(0, ended - began))


def run(
    command: Sequence[str], env: Mapping[str, str], at: Moment | None, **options: Any
) -> Timeline | None:
    """The run's timeline, or None if it was killed, as it was to be at that moment."""
    reading, writing = os.pipe()
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        env={**env, PIPE: str(writing)},
        pass_fds=[writing],
        start_new_session=True,
        **options,
    )
    os.close(writing)
    try:
        return _watch(process, reading, began, at)
    finally:
        os.close(reading)


def _watch(
    process: subprocess.Popen[bytes], reading: int, began: float, at: Moment | None
) -> Timeline | None:
    entered: list[tuple[float, str]] = []
    due = began + at.delay if at and at.phase == "start" else None
    while True:
        wait = None if due is None else max(0.0, due - time.monotonic())
        if not select.select([reading], [], [], wait)[0]:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None
        said = os.read(reading, 4096).decode().split()
        now = time.monotonic()
        if not said:
            assert process.wait() == 0
            return Timeline(entered, time.monotonic() - began)
        entered += [(now - began, phase) for phase in said]
        if at and due is None and [p for _, p in entered].count(at.phase) >= at.number:
            due = now + at.delay


def watched() -> None:
    """Has this process tell its phases to whoever started it."""
    if PIPE not in os.environ:
        return
    named = os.environ[PIPE]
    pipe = int(named) if named.isdigit() else os.open(named, os.O_WRONLY)
    module = importlib.import_module("ct_assets.delivery.delivery_run")

    def telling(name: str, phase: str) -> None:
        function = getattr(module, name)

        @functools.wraps(function)
        def told(*args: object, **kwargs: object) -> object:
            os.write(pipe, f"{phase}\n".encode())
            return function(*args, **kwargs)

        setattr(module, name, told)

    def audit(event: str, _: object) -> None:
        if event in ("os.rename", "os.remove"):
            os.write(pipe, b"rename\n")

    for name, phase in PHASES.items():
        telling(name, phase)
    sys.addaudithook(audit)


def main() -> None:
    watched()
    home, source, on_unknown, url, sandbox_id = sys.argv[1:]
    policy = replace(
        EVENTS, sync=Path(home).name, on_unknown="park" if on_unknown == "park" else "resend"
    )
    request = DeliveryRequest(home=Path(home), valid=Path(source), policy=policy, run="crash")
    with (
        Client(sandbox_destination(url, sandbox_id)) as client,
        contextlib.suppress(DeliveryFailed),
    ):
        deliver(request, client)


if __name__ == "__main__":
    main()
