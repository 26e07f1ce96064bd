"""Hosts that share a Postgres and a folder: processes with a disk of their own, killed and wiped.

Run as a module it is one delivery on one of them.
"""

import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from unittest import mock

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination, sandbox_destination
from ct_assets.delivery import DeliveryFailed, DeliveryRequest, deliver
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.operations import parked_records
from ct_assets.delivery.sender import account_slots, account_witness, hosts_slots
from ct_assets.errors import UserError
from ct_assets_tests.delivery import crash
from ct_assets_tests.delivery.crash import Moment, Server, Timeline
from ct_assets_tests.delivery.kit import EVENTS, event, snapshot

SLOTS = "HOST_SLOTS"


@dataclass
class Host:
    """A disk, and the environment of processes on it."""

    disk: Path
    database: str
    bucket: str
    lease: float = 20.0

    @property
    def env(self) -> Mapping[str, str]:
        (self.disk / "tmp").mkdir(parents=True, exist_ok=True)
        return {
            **os.environ,
            "CT_DATABASE_URL": self.database,
            "CT_STORE_URL": self.bucket,
            "CT_LEASE_SECONDS": str(self.lease),
            "CT_DATA_DIR": str(self.disk),
            "TMPDIR": str(self.disk / "tmp"),
            "HOME": str(self.disk),
            SLOTS: str(self.disk / "slots"),
        }

    def command(self, sync: str, source: Path, server: Server, on_unknown: str) -> list[str]:
        address = server.address
        return [
            *(sys.executable, "-m", __name__, sync, str(source), on_unknown),
            *(address.url, address.id),
        ]

    def wipe(self) -> None:
        shutil.rmtree(self.disk, ignore_errors=True)


@dataclass
class HostStorm:
    """`rage` kills deliveries of `events` events at random moments, each time on a new host."""

    folder: Path
    server: Server
    database: str
    on_unknown: str
    events: int
    rng: Random
    kills: int = 0
    syncs: int = 0
    hosts: int = 0
    moments: list[str] = field(default_factory=list)
    parked: set[str] = field(default_factory=set)
    _timeline: Timeline | None = None

    def host(self) -> Host:
        self.hosts += 1
        return Host(self.folder / f"host{self.hosts}", self.database, str(self.folder / "bucket"))

    def rage(self, kills: int) -> None:
        while self.kills < kills:
            self._next()
            for _ in range(min(self.rng.randint(1, 6), kills - self.kills)):
                assert self._timeline
                moment = self._timeline.draw(self.rng)
                if self._run(moment) is None:
                    self.kills += 1
                    self.moments.append(moment.phase)
            assert self._run(None)
            self.parked |= self._parked()

    def keys(self) -> list[str]:
        return [f"sync{sync}-{n}" for sync in range(1, self.syncs + 1) for n in range(self.events)]

    def missing(self) -> set[str]:
        return set(self.keys()) - self.server.arrivals().keys()

    def repeated_batches(self) -> int:
        """Requests of which some event arrived once more."""
        twice = [each for each in self.server.arrivals().values() if len(each) > 1]
        return len({requests[0] for requests in twice})

    def _parked(self) -> set[str]:
        """Keys that a host which has nothing yet lists as parked."""
        host = self.host()
        with mock.patch.dict(os.environ, host.env):
            to = sandbox_destination(self.server.address.url, self.server.address.id)
            home, policy = _declared(f"sync{self.syncs}", self.on_unknown, to)
            listed = parked_records.listing(home, policy)
        host.wipe()
        return set(listed["key"])

    def _next(self) -> None:
        """Begins a sync; the first one is run to its end, to see how long all takes."""
        self.syncs += 1
        keys = [f"sync{self.syncs}-{n}" for n in range(self.events)]
        rows = [
            event(key, identity=f"p{n % 997}", ts=1_600_000_000 + n, Key=key)
            for n, key in enumerate(keys)
        ]
        snapshot(self.folder / f"sync{self.syncs}.parquet", rows)
        if self._timeline is None:
            self._timeline = self._run(None)
            self._next()

    def _run(self, at: Moment | None) -> Timeline | None:
        host, sync = self.host(), f"sync{self.syncs}"
        source = self.folder / f"{sync}.parquet"
        command = host.command(sync, source, self.server, self.on_unknown)
        try:
            return crash.run(command, host.env, at)
        finally:
            host.wipe()


def _declared(sync: str, on_unknown: str, to: Destination) -> tuple[Path, Policy]:
    """Where the state of a sync lies on the host of this process, and how it is declared."""
    policy = replace(EVENTS, sync=sync, on_unknown="park" if on_unknown == "park" else "resend")
    return Path(os.environ["CT_DATA_DIR"]).resolve() / "state" / to.name / sync, policy


def started(host: Host, command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command, env=host.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(process: "subprocess.Popen[str]", seconds: float = 120) -> str:
    """What it said; it is killed if it does not end."""
    try:
        said, _ = process.communicate(timeout=seconds)
        return said
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()


def main() -> None:
    crash.watched()
    sync, source, on_unknown, url, sandbox_id = sys.argv[1:]
    root = Path(os.environ[SLOTS])  # of another host, so not that of this machine
    account_slots.ROOT = root
    account_witness.ROOT = root / "states"
    vars(hosts_slots)["upload_slots"] = functools.partial(account_slots.upload_slots, root=root)
    to = sandbox_destination(url, sandbox_id)
    home, policy = _declared(sync, on_unknown, to)
    request = DeliveryRequest(home=home, valid=Path(source), policy=policy, run="hosts")
    try:
        with Client(to) as client:
            result = deliver(request, client)
            said = f"sent {result.counts.acked}"
    except DeliveryFailed as error:
        said = f"failed: {error}"
    except UserError as error:
        said = f"stopped: {error}"
    sys.stdout.write(said)


if __name__ == "__main__":
    main()
