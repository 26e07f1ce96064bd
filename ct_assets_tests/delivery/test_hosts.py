"""Hosts are processes that share nothing but a Postgres and a folder; the server counts."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event

import pytest

from ct_assets.clevertap.contract import MAX_IN_FLIGHT
from ct_assets.store.store_settings import StoreSettings
from ct_assets_tests.delivery import bad_connection
from ct_assets_tests.delivery.bad_connection import BadConnection
from ct_assets_tests.delivery.crash import Server, server
from ct_assets_tests.delivery.host_engines import BareProcess, CeleryRun, DagsterRun
from ct_assets_tests.delivery.host_storm import HostStorm, assert_nothing_lost
from ct_assets_tests.delivery.hosts import Host, ended, started
from ct_assets_tests.delivery.kit import event, snapshot

pytestmark = pytest.mark.sampled(2)

SECONDS = 120


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, f"{what} did not happen"
        Event().wait(0.01)


def rows(folder: Path, count: int, sync: str = "sync1") -> Path:
    found = [
        event(f"{sync}-{n}", identity=f"p{n}", ts=1_600_000_000 + n, Key=f"{sync}-{n}")
        for n in range(count)
    ]
    return snapshot(folder / f"{sync}.parquet", found)


def repeated(running: Server) -> set[str]:
    return {key for key, requests in running.arrivals().items() if len(requests) > 1}


@pytest.mark.slow
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_killed_and_wiped_hosts_lose_nothing(
    tmp_path: Path, database: str, on_unknown: str
) -> None:
    with server(tmp_path / "server", latency=0.3) as running:
        storm = HostStorm(tmp_path, running, database, on_unknown, events=3000, rng=Random(3))
        storm.rage(BareProcess(), kills=2)

        assert_nothing_lost(storm)


@pytest.mark.bench  # each process imports Dagster for seconds
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_killed_runs_and_workers_lose_nothing(
    tmp_path: Path, database: str, on_unknown: str
) -> None:
    with server(tmp_path / "server", latency=0.3) as running:
        storm = HostStorm(tmp_path, running, database, on_unknown, events=3000, rng=Random(4))
        for engine in (DagsterRun(), CeleryRun()):
            storm.rage(engine, kills=1)

        assert_nothing_lost(storm)


@pytest.mark.slow
def test_a_host_that_stood_still_sends_nothing_once_another_has_taken_over(
    tmp_path: Path, database: str
) -> None:
    source = rows(tmp_path, 30_000)
    with server(tmp_path / "server", latency=0.5) as running:
        first, second = (
            Host(tmp_path / name, database, str(tmp_path / "bucket"), lease=2.0)
            for name in ("first", "second")
        )
        stopped = started(first, first.command("sync1", source, running, "park"))
        try:
            until(lambda: len(running.arrivals()) > 8000, "sending")
            os.kill(stopped.pid, signal.SIGSTOP)
            other = started(second, second.command("sync1", source, running, "park"))
            assert ended(other).startswith("sent ")
            before = {key: list(requests) for key, requests in running.arrivals().items()}
            os.kill(stopped.pid, signal.SIGCONT)

            said = ended(stopped)
        finally:
            stopped.kill()

        assert "another host has taken this sync over" in said
        assert running.arrivals() == before
        assert repeated(running) == set()
        third = Host(tmp_path / "third", database, str(tmp_path / "bucket"))
        assert ended(started(third, third.command("sync1", source, running, "park"))) == "sent 0"


@pytest.mark.slow
def test_a_sync_started_on_two_hosts_is_delivered_once(tmp_path: Path, database: str) -> None:
    source = rows(tmp_path, 5000)
    with server(tmp_path / "server", latency=0.05) as running:
        hosts = [Host(tmp_path / f"h{n}", database, str(tmp_path / "bucket")) for n in range(2)]
        processes = [started(h, h.command("sync1", source, running, "resend")) for h in hosts]

        assert sorted(ended(each) for each in processes) == ["sent 0", "sent 5000"]
        assert len(running.arrivals()) == 5000
        assert repeated(running) == set()


@pytest.mark.slow
def test_a_connection_that_is_cut_again_and_again_loses_nothing(
    tmp_path: Path, database: str
) -> None:
    shared = StoreSettings.of(database, str(tmp_path / "bucket"))
    assert shared
    with server(tmp_path / "server", latency=0.2) as running:
        bad = BadConnection(tmp_path, running, shared, events=20_000, rng=Random(1))
        bad.deliver()

        bad_connection.assert_nothing_lost(bad)


@pytest.mark.slow
def test_three_hosts_of_one_account_keep_to_its_limit(tmp_path: Path, database: str) -> None:
    sources = {f"sync{n}": rows(tmp_path, 6000, f"sync{n}") for n in range(3)}
    with server(tmp_path / "server", latency=0.2) as running:
        hosts = {
            sync: Host(tmp_path / sync, database, str(tmp_path / "bucket")) for sync in sources
        }
        processes = [
            started(host, host.command(sync, sources[sync], running, "resend"))
            for sync, host in hosts.items()
        ]

        assert [ended(each) for each in processes] == ["sent 6000"] * 3
        assert len(running.arrivals()) == 18_000
        assert repeated(running) == set()
        assert running.most_in_flight() <= MAX_IN_FLIGHT
