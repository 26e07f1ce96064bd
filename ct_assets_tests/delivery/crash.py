"""Kills deliveries at random moments and compares the ledger with what the server has.

Run as a module it is one delivery, to be killed; the server is a third process.
"""

import contextlib
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Literal

import orjson

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import sandbox_destination
from ct_assets.delivery import Delivery, DeliveryFailed, Policy, deliver, parked
from ct_assets.delivery.settle import settled
from ct_assets.sandbox.faults import Plan
from ct_assets.sandbox.process import Address, ensure_running, folder_of, stop
from ct_assets.sandbox.store.database import FILE, open_reader
from ct_assets_tests.delivery.kit import EVENTS, Row, event, snapshot

PEOPLE = 997


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


@dataclass
class Storm:
    """`kills` deliveries of `events` events, each sync run until it is whole."""

    folder: Path
    server: Server
    on_unknown: Literal["resend", "park"]
    events: int
    rng: Random
    kills: int = 0
    acked: dict[str, int] = field(default_factory=dict)
    """Keys that the state called acknowledged, with their arrivals up to then."""
    parked: set[str] = field(default_factory=set)
    syncs: int = 0

    @property
    def policy(self) -> Policy:
        return replace(EVENTS, sync=f"sync{self.syncs}", on_unknown=self.on_unknown)

    @property
    def home(self) -> Path:
        return self.folder / "state" / f"sandbox-{self.server.address.id}" / self.policy.sync

    def rage(self, kills: int) -> None:
        whole = self._run(None) or 0.0
        while self.kills < kills:
            self.syncs += 1
            while self._run(self.rng.uniform(0, whole)) is None:
                self.kills += 1
                if self.rng.random() < 0.3:
                    self._inspect()
            self._inspect()

    def _run(self, seconds: float | None) -> float | None:
        """Seconds that a whole run took, or None if it was killed after `seconds`."""
        source = self.folder / f"{self.policy.sync}.parquet"
        if not source.exists():
            snapshot(source, self._rows())
        command = [sys.executable, "-m", __name__, str(self.home), str(source), self.on_unknown]
        command += [self.server.address.url, self.server.address.id]
        began = time.monotonic()
        process = subprocess.Popen(command)
        try:
            assert process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
        return time.monotonic() - began

    def _rows(self) -> list[Row]:
        keys = [f"{self.policy.sync}-{n}" for n in range(self.events)]
        return [
            event(key, identity=str(n % PEOPLE), ts=1_600_000_000 + n * 7919 % 100_000, Key=key)
            for n, key in enumerate(keys)
        ]

    def _inspect(self) -> None:
        """Takes note of what the state calls acknowledged, and of how often it arrived so far."""
        if not self.home.exists():
            return
        with settled(self.home, self.policy) as connection:
            keys = connection.execute("select key from synced").fetchall()
        self.parked |= set(parked.listing(self.home, self.policy)["key"].to_list())
        arrivals = self.server.arrivals()
        for (key,) in keys:
            self.acked.setdefault(key, len(arrivals.get(key, ())))

    def missing(self) -> set[str]:
        """Events of all syncs that are not at the server."""
        arrivals = self.server.arrivals()
        names = (f"sync{sync}" for sync in range(self.syncs + 1))
        return {
            key
            for name in names
            for key in (f"{name}-{n}" for n in range(self.events))
            if key not in arrivals
        }

    def repeated_batches(self) -> int:
        """Requests of which some event arrived once more."""
        arrivals = self.server.arrivals().values()
        return len({requests[0] for requests in arrivals if len(requests) > 1})

    def sent_after_ack(self) -> Counter[str]:
        """Arrivals of events that had been called acknowledged before."""
        arrivals = self.server.arrivals()
        return +Counter({key: len(arrivals[key]) - seen for key, seen in self.acked.items()})


def main() -> None:
    home, source, on_unknown, url, sandbox_id = sys.argv[1:]
    policy = replace(
        EVENTS, sync=Path(home).name, on_unknown="park" if on_unknown == "park" else "resend"
    )
    request = Delivery(home=Path(home), valid=Path(source), policy=policy, run="crash")
    with (
        Client(sandbox_destination(url, sandbox_id)) as client,
        contextlib.suppress(DeliveryFailed),
    ):
        deliver(request, client)


if __name__ == "__main__":
    main()
