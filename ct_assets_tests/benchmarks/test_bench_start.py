"""What the code location costs before it does anything."""

import os
import resource
import subprocess
import sys

import pytest

from ct_assets_tests.benchmarks.measure import RUNS, Measured, median, record, timed

OURS = "import ct_assets.definitions"
LIBRARIES = "import dagster, polars, duckdb, httpx"


def started(code: str) -> Measured:
    # With the bytecode that is kept beside the modules, as it is where the product runs.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command, before = [sys.executable, "-c", code], _children()
    _, _, wall = timed(lambda: subprocess.run(command, check=True, env=environment))
    return Measured(wall, _children() - before)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.bench
def test_importing_costs_little_more_than_its_libraries() -> None:
    started(OURS), started(LIBRARIES)  # so that both are compiled and in the cache of the disk
    runs = [(started(OURS), started(LIBRARIES)) for _ in range(RUNS)]
    ours, libraries = (median(list(side)) for side in zip(*runs, strict=True))

    ratio, reference = ours.wall / libraries.wall, f"`{LIBRARIES}`"
    record(f"`{OURS}`", 1, ours, ratio=ratio, reference=reference)
    assert ours.wall <= 1.2 * libraries.wall
