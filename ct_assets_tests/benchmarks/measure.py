"""Work measured in a process of its own: wall and CPU seconds, and the most memory it ever held."""

import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

RESULTS = Path(os.environ.get("CT_BENCH_RESULTS", ".bench/results.json"))


@dataclass(frozen=True)
class Measured:
    wall: float
    cpu: float
    peak_mb: float
    result: Any = None


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    kilobytes = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return int(kilobytes) / 1024


def _child(channel: Connection, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work(*args)
    took = time.perf_counter() - wall, time.process_time() - cpu
    channel.send(Measured(*took, _peak_mb(), result))


def measured(work: Callable[..., Any], *args: Any) -> Measured:
    """`work(*args)` in a fresh interpreter, with what it imports."""
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


def median_of(runs: int, work: Callable[..., Any], *args: Any) -> Measured:
    """The run of the median wall time out of `runs`."""
    found = sorted((measured(work, *args) for _ in range(runs)), key=lambda m: m.wall)
    assert statistics.median_low(m.wall for m in found) == found[(runs - 1) // 2].wall
    return found[(runs - 1) // 2]


def record(name: str, rows: int, found: Measured, **ratios: float) -> None:
    """Print a result and keep it in the results file, where the README's table comes from."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    figures = {k: v for k, v in asdict(found).items() if k != "result"}
    results[name] = figures | {"rows": rows, "rows_per_second": rows / found.wall} | ratios
    RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True))
    said = "  ".join(f"{key} {value:.2f}" for key, value in ratios.items())
    print(
        f"{name:40} {rows / found.wall:>12,.0f} rows/s  {found.cpu / rows * 1e6:6.2f} CPU s/M"
        f"  {found.peak_mb:6.0f} MB  {said}"
    )
