"""A store that hosts share: a hundred kills of hosts with their disks, and what sharing costs."""

import os
import shutil
import time
from pathlib import Path
from random import Random

import pytest

from ct_assets.clevertap.contract import MAX_IN_FLIGHT, MAX_RECORDS
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.sandbox.server.background_process import Address
from ct_assets.store.store_settings import StoreSettings
from ct_assets_tests.benchmarks import chain
from ct_assets_tests.benchmarks.generate import profiles
from ct_assets_tests.benchmarks.measure import MILLION, RUNS, Measured, measured, median_of, record
from ct_assets_tests.benchmarks.sink import Sink, Tally, sink
from ct_assets_tests.benchmarks.test_bench_delivery import EVENTS, valid
from ct_assets_tests.benchmarks.test_bench_sending import lone_latency, to
from ct_assets_tests.delivery import bad_connection
from ct_assets_tests.delivery.bad_connection import BadConnection
from ct_assets_tests.delivery.crash import Server, server
from ct_assets_tests.delivery.host_engines import BareProcess, CeleryRun, DagsterRun
from ct_assets_tests.delivery.host_storm import HostStorm, assert_nothing_lost
from ct_assets_tests.delivery.hosts import Host, ended, started

HUNDRED = int(os.environ.get("CT_BENCH_KILLS", "100"))
"""Kills of a storm; fewer to try it out."""


@pytest.mark.bench
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_a_hundred_hosts_killed_and_wiped_lose_nothing(
    tmp_path: Path, database: str, on_unknown: str
) -> None:
    with server(tmp_path / "server", latency=0.1) as running:
        storm = HostStorm(tmp_path, running, database, on_unknown, events=50_000, rng=Random(8))
        storm.rage(BareProcess(), kills=HUNDRED // 2)
        storm.rage(DagsterRun(), kills=HUNDRED * 3 // 10)
        storm.rage(CeleryRun(), kills=HUNDRED // 5)

        print(storm.account())
        assert_nothing_lost(storm)


@pytest.mark.bench
def test_fifty_deliveries_over_a_bad_connection_lose_nothing(tmp_path: Path, database: str) -> None:
    shared = StoreSettings.of(database, str(tmp_path / "bucket"))
    assert shared
    with server(tmp_path / "server", latency=0.1) as running:
        bad = BadConnection(tmp_path, running, shared, events=20_000, rng=Random(2))
        for _ in range(HUNDRED // 2):
            bad.deliver()

        print(bad.account())
        bad_connection.assert_nothing_lost(bad)


def claimed(disk: Path, url: str) -> float:
    """Seconds in which an empty disk has the state and publishes a changed one."""
    os.environ["CT_DATA_DIR"] = str(disk)
    home = disk / "state" / to(url).name / chain.PROFILES["name"]
    began = time.perf_counter()
    with locked(home):
        fresh = home / "fresh"
        shutil.copyfile(home / "state.duckdb", fresh)
        with fresh.open("ab") as file:
            file.write(b"\0")  # as a state that a run has changed
        fresh.replace(home / "state.duckdb")
    return time.perf_counter() - began


def rate(collector: Sink) -> float:
    """Records a second, from the first request to the last answer."""
    tally = collector.tally()
    return tally.records / (tally.last - tally.first)


def sent_together(folder: Path, database: str, collector: Sink, hosts: int) -> Tally:
    """What the server saw of that many hosts, each with a sync and a share of the rows."""
    rows = MILLION * 6 // 10 // hosts
    running = Server(folder, Address(collector.url, folder.name, "", "", 0))
    commands = []
    for number in range(hosts):
        host = Host(folder / str(number), database, str(folder / "bucket"))
        host.disk.mkdir(parents=True)
        source, sync = valid(host.disk, rows, EVENTS), f"sync{number}"
        commands.append((host, host.command(sync, source, running, "resend")))
    collector.tally()
    processes = [started(host, command) for host, command in commands]
    assert [ended(process, 3600) for process in processes] == [f"sent {rows}"] * hosts
    return collector.tally()


@pytest.mark.bench
def test_three_hosts_of_one_account_are_as_fast_as_one(tmp_path: Path, database: str) -> None:
    rates = {}
    with sink(latency=0.4) as collector:
        for name, hosts in (("alone", 1), ("together", 3)):
            tally = sent_together(tmp_path / name, database, collector, hosts)
            rates[name] = tally.records / (tally.last - tally.first)
            assert tally.most_in_flight <= MAX_IN_FLIGHT
    print(f"three hosts together: {rates['together'] / rates['alone']:.3f} of one alone {rates}")
    assert rates["together"] >= 0.9 * rates["alone"]


@pytest.mark.bench
def test_sharing_costs_little(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole runs: the source's and the sync's, with state and staged files here, or shared."""
    store = {"CT_DATABASE_URL": database, "CT_STORE_URL": str(tmp_path / "bucket")}
    source = profiles(tmp_path / "table.parquet", MILLION)
    shares: dict[str, float] = {}
    again: dict[str, Measured] = {}
    with chain.account(tmp_path, latency=0.1) as collector:
        bound = MAX_IN_FLIGHT * MAX_RECORDS / lone_latency(collector.url)
        collector.tally()
        for name, settings in (("local", {}), ("shared", store)):
            for key, value in settings.items():
                monkeypatch.setenv(key, value)
            first = measured(chain.materialize, tmp_path / name, source)
            assert first.result["acked"] == MILLION
            shares[name] = rate(collector) / bound
            again[name] = median_of(RUNS, chain.materialize, tmp_path / name, source)
            assert collector.tally().requests == 0
        moved = measured(claimed, tmp_path / "empty", collector.url)
    repeat = again["shared"].wall / again["local"].wall
    print(f"{shares}, no change {repeat:.2f}, state {moved.result:.2f} s")
    record("hosts, no change", MILLION, again["shared"], ratio=repeat, reference="a local state")
    assert shares["shared"] >= 0.93
    assert repeat <= 1.3
    assert moved.result <= 2
