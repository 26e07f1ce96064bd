"""A storm of kills over hosts, each of which loses its disk; engines start their deliveries."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest import mock

from ct_assets_tests.delivery import crash
from ct_assets_tests.delivery.crash import Moment, Server, Timeline
from ct_assets_tests.delivery.host_engines import Engine, Order
from ct_assets_tests.delivery.hosts import Host
from ct_assets_tests.delivery.hosts import parked as parked_of


@dataclass(frozen=True)
class Kill:
    engine: str
    phase: str


@dataclass
class HostStorm:
    """`rage` kills deliveries of `events` events at random moments, each time on a new host."""

    folder: Path
    server: Server
    database: str
    on_unknown: str
    events: int
    rng: Random
    kills: list[Kill] = field(default_factory=list)
    syncs: int = 0
    hosts: int = 0
    parked: set[str] = field(default_factory=set)
    _timelines: dict[str, Timeline] = field(default_factory=dict)

    @property
    def sync(self) -> str:
        return f"sync{self.syncs}"

    def host(self) -> Host:
        self.hosts += 1
        return Host(self.folder / f"host{self.hosts}", self.database, str(self.folder / "bucket"))

    def rage(self, engine: Engine, kills: int) -> None:
        left = kills
        while left:
            self._next(engine)
            for _ in range(min(self.rng.randint(1, 6), left)):
                moment = self._timelines[engine.name].draw(self.rng)
                if self._run(engine, moment) is None:
                    self.kills.append(Kill(engine.name, moment.phase))
                    left -= 1
            assert self._run(engine, None)
            self.parked |= self._parked(engine)

    def keys(self) -> list[str]:
        return [f"sync{sync}-{n}" for sync in range(1, self.syncs + 1) for n in range(self.events)]

    def missing(self) -> set[str]:
        return set(self.keys()) - self.server.arrivals().keys()

    def repeated_batches(self) -> int:
        """Requests of which some event arrived once more."""
        twice = [each for each in self.server.arrivals().values() if len(each) > 1]
        return len({requests[0] for requests in twice})

    def account(self) -> str:
        by_engine = Counter(kill.engine for kill in self.kills)
        by_phase = Counter(kill.phase for kill in self.kills)
        return (
            f"{self.on_unknown}: {len(self.kills)} kills {dict(by_engine)} {dict(by_phase)} of "
            f"{self.hosts} hosts over {self.syncs} syncs; {self.repeated_batches()} batches "
            f"repeated, {len(self.missing())} events not at the server, {len(self.parked)} parked"
        )

    def _parked(self, engine: Engine) -> set[str]:
        """Keys that a host which has nothing yet lists as parked."""
        host = self.host()
        with mock.patch.dict(os.environ, host.env):
            keys = parked_of(self.sync, self.on_unknown, engine.destination(self.server))
        host.wipe()
        return keys

    def _next(self, engine: Engine) -> None:
        """Begins a sync; the first of an engine runs to its end, to see how long all takes."""
        self.syncs += 1
        engine.declare(self.folder, self.sync, self.on_unknown, self.events)
        if engine.name not in self._timelines:
            whole = self._run(engine, None)
            assert whole
            self._timelines[engine.name] = whole
            self._next(engine)

    def _run(self, engine: Engine, at: Moment | None) -> Timeline | None:
        host = self.host()
        order = Order(host, self.folder, self.sync, self.server, self.on_unknown)
        command, env = engine.command(order)
        try:
            with (self.folder / f"{engine.name}.log").open("ab") as log:
                return crash.run(command, env, at, cwd=self.folder, stdout=log, stderr=log)
        finally:
            host.wipe()


def assert_nothing_lost(storm: HostStorm) -> None:
    if storm.on_unknown == "resend":
        assert storm.missing() == set()
        assert storm.repeated_batches() <= 15 * len(storm.kills)
    else:
        assert storm.repeated_batches() == 0
        assert storm.missing() <= storm.parked
