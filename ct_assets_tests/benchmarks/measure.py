"""Work measured in a process of its own: wall and CPU seconds, and the most memory it ever held."""

import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

T = TypeVar("T")
RESULTS = Path(os.environ.get("CT_BENCH_RESULTS", ".bench/results.json"))

MILLION = int(os.environ.get("CT_BENCH_MILLION", "1_000_000"))
"""Rows that count as a million; fewer to try the benchmarks out."""

RUNS = 5


@dataclass(frozen=True)
class Measured:
    wall: float
    cpu: float
    peak_mb: float = 0.0
    result: Any = None


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """What `work()` gives, and the CPU seconds and seconds that it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, time.process_time() - cpu, time.perf_counter() - wall


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return int(kilobytes) / 1024


def _child(channel: Connection, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    result, cpu, wall = timed(lambda: work(*args))
    channel.send(Measured(wall, cpu, _peak_mb(), result))


def measured(work: Callable[..., Any], *args: Any) -> Measured:
    """`work(*args)` in a fresh interpreter, once the modules of `work` are imported."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_child, args=(theirs, work, args))
    process.start()
    theirs.close()
    try:
        found = ours.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"{work.__name__} ended with exit code {process.exitcode}") from None
    process.join()
    assert isinstance(found, Measured)
    return found


def median(found: list[Measured]) -> Measured:
    """The run of the median wall time, with the median of all peaks."""
    middle = sorted(found, key=lambda m: m.wall)[(len(found) - 1) // 2]
    return replace(middle, peak_mb=statistics.median(m.peak_mb for m in found))


def median_of(runs: int, work: Callable[..., Any], *args: Any) -> Measured:
    return median([measured(work, *args) for _ in range(runs)])


def copied(table: Path, copy: Path) -> None:
    """What everything that reads and writes such a table costs at least."""
    pl.scan_parquet(table).sink_parquet(copy)


def record(
    name: str, rows: int, found: Measured, *, ratio: float, reference: str, **more: float
) -> None:
    """Print a result and keep it in the results file, where the README's table comes from.

    `ratio` is that to a `reference` measured in the same run.
    """
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results[name] = {
        "rows": rows,
        "rows_per_second": rows / found.wall,
        "cpu_seconds_per_million": found.cpu / rows * 1e6,
        "peak_mb": found.peak_mb,
        "ratio": ratio,
        "reference": reference,
        **more,
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    said = "  ".join(f"{key} {value:.2f}" for key, value in more.items())
    print(
        f"{name:36} {rows / found.wall:>12,.0f} rows/s  {found.cpu / rows * 1e6:6.2f} CPU s/M"
        f"  {found.peak_mb:6.0f} MB  {ratio:.3g} x {reference}  {said}"
    )
