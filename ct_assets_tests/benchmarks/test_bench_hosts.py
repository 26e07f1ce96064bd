"""A store that hosts share: a hundred kills of hosts with their disks, and what sharing costs."""

import os
import shutil
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.contract import MAX_IN_FLIGHT, MAX_RECORDS
from ct_assets.delivery import DeliveryRequest, deliver
from ct_assets.delivery.state.sync_files import locked
from ct_assets_tests.benchmarks.measure import MILLION, Measured, measured, record
from ct_assets_tests.benchmarks.sink import Sink, self_signed, sink
from ct_assets_tests.benchmarks.test_bench_delivery import PROFILES, valid
from ct_assets_tests.benchmarks.test_bench_sending import lone_latency, to
from ct_assets_tests.delivery.crash import server
from ct_assets_tests.delivery.hosts import HostStorm


@pytest.mark.bench
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_a_hundred_hosts_killed_and_wiped_lose_nothing(
    tmp_path: Path, database: str, on_unknown: str
) -> None:
    with server(tmp_path / "server", latency=0.1) as running:
        storm = HostStorm(tmp_path, running, database, on_unknown, events=50_000, rng=Random(8))
        storm.rage(kills=100)

        print(
            f"{on_unknown}: {storm.kills} kills {dict(Counter(storm.moments))} of "
            f"{storm.hosts} hosts; {storm.repeated_batches()} batches repeated, "
            f"{len(storm.missing())} events not at the server"
        )
        if on_unknown == "resend":
            assert storm.missing() == set()
            assert storm.repeated_batches() <= MAX_IN_FLIGHT * storm.kills
        else:
            assert storm.repeated_batches() == 0
            assert storm.missing() <= storm.parked


def delivered(disk: Path, source: Path, url: str, store: dict[str, str]) -> int:
    """A delivery from a disk; how many records were acknowledged."""
    os.environ.update(store, CT_DATA_DIR=str(disk))
    home = disk / "state" / to(url).name / PROFILES.sync
    request = DeliveryRequest(home=home, valid=source, policy=PROFILES, run="bench")
    with Client(to(url)) as client:
        return deliver(request, client).counts.acked


def claimed(disk: Path, url: str, store: dict[str, str]) -> float:
    """Seconds in which an empty disk has the state and publishes a changed one."""
    os.environ.update(store, CT_DATA_DIR=str(disk))
    home = disk / "state" / to(url).name / PROFILES.sync
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


@pytest.mark.bench
def test_sharing_costs_little(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = {"CT_DATABASE_URL": database, "CT_STORE_URL": str(tmp_path / "bucket")}
    source, certificate = valid(tmp_path, MILLION, PROFILES), self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with sink(latency=0.1, certificate=certificate) as collector:
        bound = MAX_IN_FLIGHT * MAX_RECORDS / lone_latency(collector.url)
        collector.tally()
        shares: dict[str, float] = {}
        again: dict[str, Measured] = {}
        for name, settings in (("local", {}), ("shared", store)):
            first = measured(delivered, tmp_path / name, source, collector.url, settings)
            assert first.result == MILLION
            shares[name] = rate(collector) / bound
            again[name] = measured(delivered, tmp_path / name, source, collector.url, settings)
            assert again[name].result == 0
        moved = measured(claimed, tmp_path / "empty", collector.url, store)
    repeat = again["shared"].wall / again["local"].wall
    print(f"{shares}, no change {repeat:.2f}, state {moved.result:.2f} s")
    record("hosts, no change", MILLION, again["shared"], ratio=repeat, reference="a local state")
    assert shares["shared"] >= 0.93
    assert repeat <= 1.3
    assert moved.result <= 2
