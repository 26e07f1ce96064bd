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
    "all rejected, 10 M",
    "all refused, 10 M",
    "sandbox, count, profiles",
    "sandbox, store, profiles",
    "`import ct_assets.definitions`",
)
"""All others are in the file."""
BRIEFLY = (
    "phones, messy, a region each",
    "sending, TLS, 100 ms",
    "first sync, 10 M",
    "no change, 10 M",
)

MEASURED, FARTHEST = (1, 5, 10), 50
"""Millions of rows."""
CURVES = ("first sync", "no change")
SCALE_HEAD = f"""\
| CPU s per million rows | {" | ".join(f"{m} M" for m in MEASURED)} | {FARTHEST} M, extrapolated |
|---|{"--:|" * len(MEASURED)}--:|
"""

Results = Mapping[str, Mapping[str, Any]]
_PLACE = re.compile(r"(?<=<!-- benchmarks -->\n).*?(?=<!-- end of benchmarks -->)", re.DOTALL)


def table(results: Results, names: Sequence[str] = SHOWN) -> str:
    return HEAD + "".join(_line(name, results[name]) for name in names)


def pages(results: Results) -> Mapping[Path, str]:
    return {README: table(results, BRIEFLY), PAGE: table(results), NOTES: scale(results)}


def scale(results: Results) -> str:
    return SCALE_HEAD + "".join(_curve(name, results) for name in CURVES)


def written(readme: str, text: str) -> str:
    return _PLACE.sub(lambda _: text, readme)


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


def _rounded(number: float) -> int:
    """To three digits."""
    return int(float(f"{number:.3g}"))


def main() -> None:
    shutil.copyfile(RESULTS, KEPT)
    results = json.loads(KEPT.read_text())
    for page, text in pages(results).items():
        page.write_text(written(page.read_text(), text))


if __name__ == "__main__":
    main()
