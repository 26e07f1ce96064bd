"""Quick compares the CPU of hot paths with ratios that were recorded, within minutes.

`make bench-quick` fails where one is slower by more than a tenth. `python -m
ct_assets_tests.benchmarks.quick --record` records anew, after a change that is meant.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from ct_assets.clevertap import verdicts
from ct_assets.clevertap.client import Reply
from ct_assets.delivery import Policy
from ct_assets.phone import e164
from ct_assets.sources import file_snapshot
from ct_assets_tests.benchmarks import chain
from ct_assets_tests.benchmarks.generate import events
from ct_assets_tests.benchmarks.measure import copied, measured, timed
from ct_assets_tests.benchmarks.test_bench_delivery import EVENTS, PROFILES, run, valid
from ct_assets_tests.benchmarks.test_bench_split import split_rows, staged
from ct_assets_tests.phone.samples import clean_column, messy_column

RECORDED = Path(__file__).with_name("quick.json")
ROWS, RUNS, MORE = 100_000, 5, 1.10
MESSAGE = "Profile data is incorrect. Email is not valid.Skipped record number : "

Work = Callable[[], object]
Pair = tuple[Work, Work]
"""What is measured, and what its CPU is compared with."""


def _phones(*, messy: bool, folder: Path) -> Pair:  # noqa: ARG001 -- all paths have one
    rows = messy_column(ROWS) if messy else clean_column(ROWS).to_frame()
    region = pl.col("region") if messy else None
    plain = pl.col("phone").str.contains(r"^\+[1-9][0-9]{6,14}$")
    return (
        lambda: [rows.select(e164("phone", region=region)) for _ in range(5)],
        lambda: [rows.select(plain) for _ in range(20)],
    )


def _split(declared: chain.Declared, *, messy: bool, folder: Path) -> Pair:
    source = staged(folder, ROWS, messy_phones=messy)
    return partial(split_rows, source, folder / "staging", declared), _copying(source)


def _split_events(*, folder: Path) -> Pair:
    events(folder / "events.parquet", ROWS)
    source = folder / "staged.parquet"
    file_snapshot.snapshot([folder / "events.parquet"], source, types={})
    return partial(split_rows, source, folder / "staging", chain.EVENTS), _copying(source)


def _first_delivery(policy: Policy, message: str = "", *, folder: Path) -> Pair:
    source, homes = valid(folder, ROWS, policy), iter(range(100))
    return (
        lambda: run(folder / f"state{next(homes)}/bench/home", source, policy, message),
        _copying(source),
    )


def _no_change(*, folder: Path) -> Pair:
    """Each time of a snapshot that was written anew."""
    source, home = valid(folder, ROWS, PROFILES), folder / "state/bench/home"
    run(home, source, PROFILES)

    def again() -> None:
        source.with_name("copy").write_bytes(source.read_bytes())
        source.with_name("copy").replace(source)
        run(home, source, PROFILES)

    return again, _copying(source)


def _unchanged_snapshot(*, folder: Path) -> Pair:
    source, home = valid(folder, ROWS, PROFILES), folder / "state/bench/home"
    run(home, source, PROFILES)
    return partial(run, home, source, PROFILES), _copying(source)


def _refusals(*, folder: Path) -> Pair:  # noqa: ARG001 -- all paths have one
    refused = [
        {"status": "fail", "code": 515, "error": f"{MESSAGE}{n}", "record": {"identity": str(n)}}
        for n in range(1, 1001)
    ]
    body = orjson.dumps({"status": "fail", "processed": 0, "unprocessed": refused})
    reply = Reply("host", 200, body)
    return (
        lambda: [verdicts.read(reply, 1000) for _ in range(100)],
        lambda: [orjson.loads(body) for _ in range(100)],
    )


def _copying(source: Path) -> Work:
    def copying() -> None:
        for _ in range(3):
            copied(source, source.with_name("copied"))

    return copying


PATHS: Mapping[str, Callable[..., Pair]] = {
    "phones, clean": partial(_phones, messy=False),
    "phones, messy, a region each": partial(_phones, messy=True),
    "split, clean phones": partial(_split, chain.PROFILES, messy=False),
    "split, messy phones": partial(_split, chain.MESSY, messy=True),
    "split, events": _split_events,
    "delivery, profiles, first": partial(_first_delivery, PROFILES),
    "delivery, events, first": partial(_first_delivery, EVENTS),
    "delivery, profiles, all refused": partial(_first_delivery, PROFILES, MESSAGE),
    "delivery, profiles, no change": _no_change,
    "delivery, profiles, unchanged snapshot": _unchanged_snapshot,
    "replies that refuse all": _refusals,
}


def ratio(path: str, folder: Path, runs: int = RUNS) -> float:
    """The least CPU that the path took, to the least that its reference took, in turn."""
    work, reference = PATHS[path](folder=folder)
    work(), reference()
    pairs = [(_cpu(work), _cpu(reference)) for _ in range(runs)]
    ours, theirs = min(cpu for cpu, _ in pairs), min(cpu for _, cpu in pairs)
    return ours / theirs


def _cpu(work: Work) -> float:
    _, cpu, _ = timed(work)
    return cpu


def _found(path: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        found: Any = measured(ratio, path, Path(folder)).result
    return float(found)


def is_slower(found: float, recorded: float | None) -> bool:
    return recorded is not None and found > MORE * recorded


def slower(
    recorded: Mapping[str, float], found: Callable[[str], float] = _found
) -> Mapping[str, float]:
    """Ratios of the paths that are slower now; one that seems so is measured once more.

    One without a record is measured all the same, and told.
    """
    later = {}
    for path in PATHS:
        now, before = found(path), recorded.get(path)
        if is_slower(now, before):
            now = min(now, found(path))
        if is_slower(now, before):
            later[path] = now
        told = "not recorded" if before is None else f"recorded {before:8.2f}"
        print(f"{path:40} {now:8.2f}  {told}  {'SLOWER' if path in later else ''}", flush=True)
    return later


def main() -> None:
    if "--record" in sys.argv:
        found = {}
        for path in PATHS:
            found[path] = round(_found(path), 3)
            print(f"{path:40} {found[path]:8.2f}", flush=True)
        RECORDED.write_text(json.dumps(found, indent=2) + "\n")
    elif slower(json.loads(RECORDED.read_text())):
        sys.exit(f"slower than recorded in {RECORDED} by more than {MORE - 1:.0%}")


if __name__ == "__main__":
    main()
