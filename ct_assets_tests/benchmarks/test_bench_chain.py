"""The whole product: source file, snapshot, split, diff, outbox, upload over TLS, ledger, fold.

Each figure is two runs of Dagster, the source's and the sync's, in a process of its own.
"""

import shutil
from pathlib import Path

import pytest

from ct_assets_tests.benchmarks import chain
from ct_assets_tests.benchmarks.generate import events, profiles
from ct_assets_tests.benchmarks.measure import (
    MILLION,
    RUNS,
    Measured,
    copied,
    measured,
    median,
    median_of,
    record,
)
from ct_assets_tests.benchmarks.sink import Sink, Tally

MOST_MB = 700


def table(path: Path, rows: int, declared: chain.Declared) -> Path:
    make = events if declared["object"] == "event" else profiles
    return make(path, rows)


def synced(
    folder: Path, rows: int, server: Sink, declared: chain.Declared = chain.PROFILES
) -> tuple[Measured, Tally]:
    """A sync of a source that was written anew, with equal content, and what the server saw."""
    folder.mkdir(exist_ok=True)
    source = table(folder / "table.parquet", rows, declared)
    found = measured(chain.materialize, folder, source, declared)
    return found, server.tally()


def told(name: str, rows: int, found: Measured, copy: Measured) -> None:
    seconds = {k: v for k, v in found.result.items() if k.endswith(("CPU", " s"))}
    ratio, reference = found.cpu / copy.cpu, "the CPU of copying the file"
    record(name, rows, found, ratio=ratio, reference=reference, **seconds)


def copy_of(
    folder: Path, rows: int, runs: int, declared: chain.Declared = chain.PROFILES
) -> Measured:
    source, copy = folder / "source.parquet", folder / "copy.parquet"
    found = median_of(runs, copied, table(source, rows, declared), copy)
    source.unlink()
    copy.unlink()
    return found


@pytest.mark.bench
def test_a_million_rows(tmp_path: Path) -> None:
    copy = copy_of(tmp_path, MILLION, RUNS)
    firsts, repeats = [], []
    with chain.account(tmp_path) as server:
        for run in range(RUNS):
            folder = tmp_path / str(run)
            first, sent = synced(folder, MILLION, server)
            again, resent = synced(folder, MILLION, server)
            shutil.rmtree(folder)
            assert (first.result["acked"], sent.records) == (MILLION, MILLION)
            assert (again.result["unchanged"], resent.requests) == (MILLION, 0)
            firsts.append(first)
            repeats.append(again)

    told("first sync, 1 M", MILLION, median(firsts), copy)
    told("no change, 1 M", MILLION, again := median(repeats), copy)
    assert again.result["sync s"] <= 6


@pytest.mark.bench
@pytest.mark.parametrize(
    ("name", "declared", "refuses"),
    [
        ("first sync", chain.PROFILES, False),
        ("first sync, events", chain.EVENTS, False),
        ("all rejected", chain.ALL_REJECTED, False),
        ("all refused", chain.PROFILES, True),
    ],
)
def test_ten_million_rows(
    tmp_path: Path, name: str, declared: chain.Declared, *, refuses: bool
) -> None:
    found = {}
    with chain.account(tmp_path, refuses=refuses) as server:
        for millions in (5, 10):
            rows, folder = millions * MILLION, tmp_path / str(millions)
            copy = copy_of(tmp_path, rows, 1, declared)
            found[millions], sent = synced(folder, rows, server, declared)
            told(f"{name}, {millions} M", rows, found[millions], copy)
            assert sent.records == (0 if name == "all rejected" else rows)
            if name.startswith("first sync"):
                again, resent = synced(folder, rows, server, declared)
                told(f"{name.replace('first sync', 'no change')}, {millions} M", rows, again, copy)
                assert resent.requests == 0
                assert again.result["sync s"] <= 6 * millions
                assert again.peak_mb <= MOST_MB
            shutil.rmtree(folder)

    assert found[10].peak_mb <= MOST_MB
    assert found[10].peak_mb <= 1.1 * found[5].peak_mb


@pytest.mark.parametrize("declared", [chain.PROFILES, chain.EVENTS], ids=["profiles", "events"])
def test_a_sample(tmp_path: Path, declared: chain.Declared) -> None:
    source = table(tmp_path / "table.parquet", 3_000, declared)
    with chain.account(tmp_path) as server:
        first = chain.materialize(tmp_path, source, declared)
        sent = server.tally()
        table(source, 3_000, declared)
        again = chain.materialize(tmp_path, source, declared)

        assert (first["acked"], sent.records) == (3_000, 3_000)
        assert (again["unchanged"], server.tally().requests) == (3_000, 0)


def test_a_sample_of_refusals(tmp_path: Path) -> None:
    source = profiles(tmp_path / "customer.parquet", 1_500)
    with chain.account(tmp_path, refuses=True):
        refused = chain.materialize(tmp_path, source)
        rejected = chain.materialize(tmp_path, source, chain.ALL_REJECTED)

    assert (refused["acked"], refused["refused"], rejected["rejected"]) == (0, 1_500, 1_500)
