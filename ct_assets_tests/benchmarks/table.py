"""Tables of the READMEs, from the results of a run of `make bench` that is kept here.

Run as a module it keeps the latest results and writes the tables.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import linear_regression
from typing import Any

from ct_assets_tests.benchmarks.measure import RESULTS

KEPT = Path(__file__).with_name("results.json")
README = Path(__file__).parents[2] / "README.md"
PAGE = README.parent / "docs" / "pages" / "speed.md"
NOTES = Path(__file__).with_name("README.md")
HEAD = """\
| what | rows/s | CPU s per million | peak MB | compared, in the same run |
|---|--:|--:|--:|---|
"""
SHOWN = (
    "phones, clean",
    "phones, messy, a region each",
    "split, clean phones",
    "split, messy phones",
    "delivery, profiles, first",
    "delivery, profiles, no change",
    "delivery, profiles, all refused",
    "outbox to ledger, 0 ms",
    "sending, TLS, 50 ms",
    "sending, TLS, 100 ms",
    "sending, TLS, 200 ms",
    "CSV to state, 0 ms",
    "csv + json + requests, 15 connections, 0 ms",
    "polars + orjson + httpx, 15 connections, 0 ms",
    "first sync, 1 M",
    "first sync, 5 M",
    "first sync, 10 M",
    "first sync, events, 10 M",
    "no change, 1 M",
    "no change, 10 M",
    "1 % changed, 10 M",
    "all rejected, 10 M",
    "all refused, 10 M",
    "sandbox, count, profiles",
    "sandbox, store, profiles",
    "`import ct_assets.definitions`",
)
"""All others are in the file."""
BESIDE_HEAD = """\
| | ct_assets | csv, json, requests | polars, orjson, httpx | drt 1.2 | ingestr |
|---|--:|--:|--:|--:|--:|
"""
BESIDE = (
    "CSV to state",
    "csv + json + requests, 15 connections",
    "polars + orjson + httpx, 15 connections",
)
"""Ours, and the uploaders of `peers`."""
BESIDE_TAIL = """\
| judges every value before it leaves | yes | no | no | no | no |
| sends only what changed | yes | no | no | no | a window by time |
| gives every record its outcome | yes | no | no | in the log | in the log |
| settles what a killed run left | yes | no | no | no | no |
"""
"""drt was measured once, ingestr is as its documentation says."""

MEASURED, FARTHEST = (1, 5, 10), 50
"""Millions of rows."""
CURVES = ("first sync", "no change")
SCALE_HEAD = f"""\
| CPU s per million rows | {" | ".join(f"{m} M" for m in MEASURED)} | {FARTHEST} M, extrapolated |
|---|{"--:|" * len(MEASURED)}--:|
"""

Results = Mapping[str, Mapping[str, Any]]
_PLACE = r"(?<=<!-- {0} -->\n).*?(?=<!-- end of {0} -->)"


def table(results: Results, names: Sequence[str] = SHOWN) -> str:
    return HEAD + "".join(_line(name, results[name]) for name in names)


def beside(results: Results) -> str:
    """How fast the same rows leave in other ways, and what they do without."""
    rates = [_beside(f"rows/s, {ms} ms", results, f"{ms} ms", "rows_per_second") for ms in (0, 100)]
    cpu = _beside("CPU s per million, 0 ms", results, "0 ms", "cpu_seconds_per_million")
    return (
        f"{BESIDE_HEAD}{rates[0]} | |\n{rates[1]} 6,500 | |\n{cpu} 58, at 100 ms | |\n{BESIDE_TAIL}"
    )


def pages(results: Results) -> Sequence[tuple[Path, str, str]]:
    """Pages, the place in each, and the table that it shows."""
    return (
        (README, "beside", beside(results)),
        (PAGE, "beside", beside(results)),
        (PAGE, "benchmarks", table(results)),
        (NOTES, "benchmarks", scale(results)),
    )


def scale(results: Results) -> str:
    return SCALE_HEAD + "".join(_curve(name, results) for name in CURVES)


def written(page: str, place: str, text: str) -> str:
    return re.sub(_PLACE.format(place), lambda _: text, page, flags=re.DOTALL)


def _beside(what: str, results: Results, at: str, figure: str) -> str:
    found = (results[f"{name}, {at}"][figure] for name in BESIDE)
    return f"| {what} | {' | '.join(f'{_rounded(number):,}' for number in found)} |"


def _line(name: str, of: Mapping[str, Any]) -> str:
    many = of["rows"] > 1
    rate = f"{_rounded(of['rows_per_second']):,}" if many else ""
    cpu = f"{of['cpu_seconds_per_million']:.2f}" if many else ""
    peak = f"{of['peak_mb']:.0f}" if of["peak_mb"] else ""
    return f"| {name} | {rate} | {cpu} | {peak} | {of['ratio']:.3g} × {of['reference']} |\n"


def _curve(name: str, results: Results) -> str:
    """A run costs so much, and each row of it so much more."""
    costs = [results[f"{name}, {m} M"]["cpu_seconds_per_million"] for m in MEASURED]
    totals = [cost * m for cost, m in zip(costs, MEASURED, strict=True)]
    slope, start = linear_regression(MEASURED, totals)
    shown = [*costs, slope + start / FARTHEST]
    return f"| {name} | {' | '.join(f'{cost:.1f}' for cost in shown)} |\n"


def _rounded(number: float) -> float:
    """To three digits."""
    rounded = float(f"{number:.3g}")
    return int(rounded) if rounded >= 100 else rounded


def main() -> None:
    shutil.copyfile(RESULTS, KEPT)
    results = json.loads(KEPT.read_text())
    for page, place, text in pages(results):
        page.write_text(written(page.read_text(), place, text))


if __name__ == "__main__":
    main()
