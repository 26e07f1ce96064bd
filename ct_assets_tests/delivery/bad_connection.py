"""Deliveries whose connection to Postgres is cut, delayed and refused at random moments."""

import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event

from ct_assets.store.store_settings import StoreSettings
from ct_assets_tests.delivery.crash import Server
from ct_assets_tests.delivery.host_engines import BareProcess, Order
from ct_assets_tests.delivery.hosts import Host, ended, started
from ct_assets_tests.sources.connections.postgres_server import PASSWORD
from ct_assets_tests.store.databases import run
from ct_assets_tests.store.proxy import Proxy, proxied


@dataclass
class BadConnection:
    folder: Path
    server: Server
    store: StoreSettings
    events: int
    rng: Random
    said: list[str] = field(default_factory=list)
    """By each run, at its end."""
    cuts: int = 0
    syncs: int = 0

    def deliver(self) -> None:
        """Runs one more sync, each time on a new host, until one of the runs ends well."""
        self.syncs += 1
        engine, sync = BareProcess(), f"sync{self.syncs}"
        engine.declare(self.folder, sync, "resend", self.events)
        with proxied(self.store) as (proxy, settings):
            while not (self.said and self.said[-1].startswith(f"{self.syncs}: sent ")):
                disk = self.folder / f"host{len(self.said)}"
                host = Host(disk, settings.database_url, settings.store_url)
                command, _ = engine.command(Order(host, self.folder, sync, self.server, "resend"))
                process = started(host, command)
                self._disturb(proxy, process)
                self.said.append(f"{self.syncs}: {ended(process)}")
                host.wipe()

    def _disturb(self, proxy: Proxy, process: "subprocess.Popen[str]") -> None:
        while process.poll() is None:
            proxy.delay = self.rng.choice([0.0, 0.0, 0.003])
            long = self.rng.random() < 0.2  # so that slow machines come to an end, too
            Event().wait(self.rng.uniform(2.0, 5.0) if long else self.rng.uniform(0.05, 0.4))
            if self.rng.random() < 0.3:
                proxy.refusing.set()
            proxy.cut()
            self.cuts += 1
            Event().wait(self.rng.uniform(0.0, 0.2))
            proxy.refusing.clear()

    def repeated(self) -> set[str]:
        return {key for key, requests in self.server.arrivals().items() if len(requests) > 1}

    def account(self) -> str:
        kinds = Counter(text.split()[1] for text in self.said)
        return (
            f"{self.syncs} deliveries in {len(self.said)} runs {dict(kinds)}, {self.cuts} cuts; "
            f"{len(self.server.arrivals())} events arrived, {len(self.repeated())} of them twice"
        )


def assert_nothing_lost(bad: BadConnection) -> None:
    assert len(bad.server.arrivals()) == bad.syncs * bad.events
    assert bad.repeated() == set()
    assert run(bad.store, "select count(*) from ct_assets.journal") == [(0,)]
    for text in bad.said:
        assert text.split()[1] in ("sent", "stopped:", "failed:"), text
        assert "Traceback" not in text
        assert PASSWORD not in text
        assert len(text.splitlines()) == 1
