"""The whole product: source file, snapshot, split, diff, outbox, upload over TLS, ledger, fold.

Each figure is two runs of Dagster, the source's and the sync's, in a process of its own.
"""

import itertools
import os
import shutil
from pathlib import Path
from unittest import mock

import pytest

from ct_assets_tests.benchmarks import chain
from ct_assets_tests.benchmarks.generate import edited, events, profiles
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

_accounts = itertools.count()


def table(path: Path, rows: int, declared: chain.Declared) -> Path:
    make = events if declared["object"] == "event" else profiles
    return make(path, rows)


def synced(
    folder: Path, source: Path, server: Sink, declared: chain.Declared
) -> tuple[Measured, Tally]:
    """A sync of a source that was written anew, with equal content, and what the server saw."""
    folder.mkdir(exist_ok=True)
    written = shutil.copyfile(source, folder / "table.parquet")
    found = measured(chain.materialize, folder, written, declared)
    return found, server.tally()


def first_and_again(
    folder: Path,
    source: Path,
    rows: int,
    server: Sink,
    declared: chain.Declared = chain.PROFILES,
    runs: int = RUNS,
) -> tuple[Measured, Measured]:
    """Medians of first syncs, each of an empty folder, and of their repetitions.

    Each is of an account of its own: this host remembers a state that is gone.
    """
    firsts, repeats = [], []
    for _ in range(runs):
        with mock.patch.dict(os.environ, CLEVERTAP_ACCOUNT_ID=f"BENCH-{next(_accounts)}"):
            first, sent = synced(folder, source, server, declared)
            again, resent = synced(folder, source, server, declared)
        shutil.rmtree(folder)
        decided = sum(first.result[count] for count in ("acked", "refused", "rejected"))
        assert (decided, sent.records) == (rows, rows - first.result["rejected"])
        assert resent.requests == 0
        firsts.append(first)
        repeats.append(again)
    return median(firsts), median(repeats)


def told(name: str, rows: int, found: Measured, copy: Measured) -> None:
    seconds = {k: v for k, v in found.result.items() if k.endswith(("CPU", " s"))}
    ratio, reference = found.cpu / copy.cpu, "the CPU of copying the file"
    record(name, rows, found, ratio=ratio, reference=reference, **seconds)


@pytest.mark.bench
def test_a_million_rows(tmp_path: Path) -> None:
    source = profiles(tmp_path / "source.parquet", MILLION)
    copy = median_of(RUNS, copied, source, tmp_path / "copy.parquet")
    with chain.account(tmp_path) as server:
        first, again = first_and_again(tmp_path / "home", source, MILLION, server)

    told("first sync, 1 M", MILLION, first, copy)
    told("no change, 1 M", MILLION, again, copy)
    assert first.result["acked"] == again.result["unchanged"] == MILLION
    assert again.result["sync s"] <= 6


@pytest.mark.bench
@pytest.mark.parametrize(
    ("first_name", "again_name", "declared", "refuses", "runs"),
    [
        ("first sync", "no change", chain.PROFILES, False, RUNS),
        ("first sync, events", "no change, events", chain.EVENTS, False, RUNS),
        ("all rejected", "all rejected again", chain.ALL_REJECTED, False, RUNS),
        ("all refused", "all refused before", chain.PROFILES, True, 1),
    ],
)
def test_ten_million_rows(
    tmp_path: Path,
    first_name: str,
    again_name: str,
    declared: chain.Declared,
    *,
    refuses: bool,
    runs: int,
) -> None:
    peaks = {}
    with chain.account(tmp_path, refuses=refuses) as server:
        for millions in (5, 10):
            rows = millions * MILLION
            source = table(tmp_path / "source.parquet", rows, declared)
            copy = median_of(RUNS, copied, source, tmp_path / "copy.parquet")
            first, again = first_and_again(tmp_path / "home", source, rows, server, declared, runs)
            told(f"{first_name}, {millions} M", rows, first, copy)
            told(f"{again_name}, {millions} M", rows, again, copy)
            assert again.result["sync s"] <= 6 * millions
            peaks[millions] = first.peak_mb, again.peak_mb

    assert max(peaks[10]) <= MOST_MB
    if MILLION == 1_000_000:  # fewer rows do not fill what is bounded
        assert peaks[10][0] <= 1.1 * peaks[5][0]


@pytest.mark.bench
@pytest.mark.parametrize("millions", [1, 10])
def test_one_row_in_a_hundred_has_changed(tmp_path: Path, millions: int) -> None:
    rows = millions * MILLION
    source = profiles(tmp_path / "source.parquet", rows)
    changed = edited(source, tmp_path / "changed.parquet")
    copy = median_of(RUNS, copied, source, tmp_path / "copy.parquet")
    with chain.account(tmp_path) as server:
        synced(tmp_path / "home", source, server, chain.PROFILES)
        found, sent = synced(tmp_path / "home", changed, server, chain.PROFILES)

    told(f"1 % changed, {millions} M", rows, found, copy)
    assert (sent.records, found.result["unchanged"]) == (rows // 100, rows - rows // 100)
    assert found.peak_mb <= MOST_MB


def test_a_sample_of_a_change(tmp_path: Path) -> None:
    source = profiles(tmp_path / "customer.parquet", 3_000)
    with chain.account(tmp_path) as server:
        chain.materialize(tmp_path, source)
        server.tally()
        changed = edited(source, tmp_path / "changed.parquet")
        changed.replace(source)
        found = chain.materialize(tmp_path, source)

        assert (found["unchanged"], server.tally().records) == (2_970, 30)


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
