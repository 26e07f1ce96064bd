"""Phones: how much faster than phonenumbers row by row, and than one plain regular expression.

All figures are wall time of one run, so what counts are their ratios.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phonenumbers
import polars as pl
import pytest

from ct_assets.phone import e164, is_e164, reference
from ct_assets_tests.benchmarks.measure import Measured, record, timed
from ct_assets_tests.phone.samples import clean_column, messy_column

pytestmark = pytest.mark.bench

DISTINCT, COPIES, LOOPED = 2_500_000, 4, 100_000
ROWS = DISTINCT * COPIES
SHAPE = r"^\+[1-9][0-9]{6,14}$"

# The input is mapped from a file, so memory that belongs to no file is what judging takes.
MEMORY = """
import sys
import threading
from pathlib import Path
import polars as pl
from ct_assets.phone import e164
from ct_assets.phone.automaton.current_automaton import WORTH_COMPILING, installed

def megabytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))

def watch():
    while not over.wait(0.002):
        seen.append(megabytes())

column = pl.scan_ipc(sys.argv[1]).collect()
region = pl.col("region") if "region" in column.columns else None
installed.lookup(WORTH_COMPILING)
column.head(1000).select(e164("phone", region=region))
over, seen = threading.Event(), [megabytes()]
watcher = threading.Thread(target=watch)
watcher.start()
result = column.select(e164("phone", region=region))
over.set()
watcher.join()
print(max(seen) - seen[0])
"""
FIRST_USE = """
import numpy, polars, time
started = time.perf_counter()
from ct_assets.phone.automaton.current_automaton import WORTH_COMPILING, installed
assert installed.lookup(WORTH_COMPILING)
print(time.perf_counter() - started)
"""


def test_speed() -> None:
    clean = pl.concat([clean_column(DISTINCT).to_frame()] * COPIES).rechunk()
    messy = pl.concat([messy_column(DISTINCT)] * COPIES).rechunk()
    region = pl.col("region")
    found = {
        "plain regex": _best(lambda: clean.select(pl.col("phone").str.contains(SHAPE))),
        "is_e164": _best(lambda: clean.select(is_e164("phone"))),
        "clean": _best(lambda: clean.select(e164("phone"))),
        "messy, one region": _best(lambda: messy.select(e164("phone", region="IN"))),
        "messy, a region each": _best(lambda: messy.select(e164("phone", region=region))),
        "clean, streaming": _best(lambda: _streamed(clean.lazy().select(e164("phone")))),
        "messy, streaming": _best(
            lambda: _streamed(messy.lazy().select(e164("phone", region=region)))
        ),
        "loop, clean": _looped(clean.with_columns(region=None)),
        "loop, messy, one region": _looped(messy.with_columns(region=pl.lit("IN"))),
        "loop, messy, a region each": _looped(messy),
    }

    seconds = {name: measured.wall for name, measured in found.items()}
    for name, wall in seconds.items():
        print(f"{name:28} {wall * 1e9 / ROWS:10.1f} ns a row")
    for name in ("clean", "messy, one region", "messy, a region each"):
        ratio = seconds[f"loop, {name}"] / seconds[name]
        reference = "the speed of phonenumbers, row by row"
        record(f"phones, {name}", ROWS, found[name], ratio=ratio, reference=reference)
    assert seconds["is_e164"] <= 2 * seconds["plain regex"]
    assert seconds["clean"] <= 4 * seconds["plain regex"]
    assert seconds["clean"] <= seconds["loop, clean"] / 120
    assert seconds["messy, one region"] <= seconds["loop, messy, one region"] / 30
    assert seconds["messy, a region each"] <= seconds["loop, messy, a region each"] / 40
    assert seconds["clean, streaming"] <= 2 * seconds["clean"]
    assert seconds["messy, streaming"] <= 2 * seconds["messy, a region each"]


def test_memory(tmp_path: Path) -> None:
    clean = pl.concat([clean_column(DISTINCT).to_frame()] * COPIES)
    messy = pl.concat([messy_column(DISTINCT)] * COPIES)
    for name, column in (("clean", clean), ("messy", messy)):
        file = tmp_path / name
        column.rechunk().write_ipc(file, record_batch_size=ROWS)
        _run(tmp_path, FIRST_USE)

        extra = float(_run(tmp_path, MEMORY, str(file)))

        print(f"{name}: {extra:.0f} MB more for {ROWS} rows, the result included")
        assert extra <= 300


def test_start(tmp_path: Path) -> None:
    caches = [tmp_path / name for name in ("one", "two", "three")]
    first, later = (min(float(_run(cache, FIRST_USE)) for cache in caches) for _ in range(2))

    print(f"first use of these metadata {first:.2f} s, later starts {later:.2f} s")
    assert first <= 4
    assert later <= 0.3


def _best(work: Callable[[], object]) -> Measured:
    runs = [timed(work) for _ in range(3)]
    return min((Measured(wall, cpu) for _, cpu, wall in runs), key=lambda run: run.wall)


def _streamed(plan: pl.LazyFrame) -> pl.DataFrame:
    engine: Any = "streaming"
    return plan.collect(engine=engine)


def _looped(rows: pl.DataFrame) -> Measured:
    """What phonenumbers would need for all rows, from a part of them."""
    reference.warm_up()
    cases = rows.select("phone", "region").drop_nulls("phone").head(LOOPED).rows()
    part = _best(lambda: [_formatted(*case) for case in cases])
    return Measured(part.wall * ROWS / LOOPED, part.cpu * ROWS / LOOPED)


def _formatted(phone: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _run(cache: Path, code: str, *arguments: str) -> str:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-c", code, *arguments]
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return run.stdout
