import doctest
import importlib

import polars as pl
import pytest

import ct_assets.phone
from ct_assets.phone import e164


@pytest.mark.parametrize("module", ["ct_assets.phone", "ct_assets.phone.countries"])
def test_examples_in_the_documentation(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))

    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.usefixtures("either_way")
def test_the_table_in_the_documentation() -> None:
    table = [row for row in documented() if row[0] != "input"]
    rows = pl.DataFrame(table, schema=["phone", "region", "result", "why"], orient="row")

    judged = rows.select(e164("phone", region=pl.col("region"))).unnest("phone")

    assert len(table) > 20
    assert judged.select(
        pl.coalesce("e164", pl.col("reason").cast(pl.String))
    ).to_series().to_list() == (rows["result"].to_list())


def documented() -> list[list[str]]:
    """The rows of the table, cut where the line above it has its gaps."""
    lines = (ct_assets.phone.__doc__ or "").splitlines()
    ruler, *_ = (line for line in lines if line.startswith("==="))
    first, *_, last = (i for i, line in enumerate(lines) if line == ruler)
    return [cells(line, ruler) for line in lines[first + 1 : last] if line != ruler]


def cells(line: str, ruler: str) -> list[str]:
    starts = [0, *(i + 1 for i, c in enumerate(ruler) if c == " ")]
    stops = [*(start - 1 for start in starts[1:]), None]
    return [line[start:stop].strip() for start, stop in zip(starts, stops, strict=True)]
