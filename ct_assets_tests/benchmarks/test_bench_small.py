"""A sync of few rows in a warm code location: what Dagster costs, and what we add to it.

Dagster by itself is a graph of the same shape whose steps and I/O manager do nothing.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest

from ct_assets_tests.benchmarks import chain
from ct_assets_tests.benchmarks.generate import profiles
from ct_assets_tests.benchmarks.measure import RUNS, Measured, measured, median, record, timed

ROWS = 1000
SYNC = [f"customers/{stage}" for stage in chain.STAGES]
CHECKS = [f"check_{n}" for n in range(9)]
"""As many as the split of a sync has."""


class Nothing(dg.IOManager):
    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        context.add_output_metadata({"summary": str(obj)})

    def load_input(self, context: dg.InputContext) -> object:
        return context.asset_key


def bare() -> dg.Definitions:
    source, valid = dg.AssetKey(chain.SOURCE.split("/")), dg.AssetKey(["customers", "valid"])

    @dg.asset(key=source)
    def table() -> str:
        return "source"

    @dg.multi_asset(
        deps=[source],
        outs={name: dg.AssetOut(key=["customers", name]) for name in ("rejected", "valid")},
        check_specs=[dg.AssetCheckSpec(name, asset=valid) for name in CHECKS],
    )
    def split() -> Iterator[dg.Output[str] | dg.AssetCheckResult]:
        yield dg.Output("rejected", "rejected")
        yield dg.Output("valid", "valid")
        for name in CHECKS:
            yield dg.AssetCheckResult(passed=True, check_name=name, asset_key=valid)

    @dg.asset(key=["customers", "clevertap"], deps=[valid])
    def clevertap() -> str:
        return "clevertap"

    @dg.asset(key=["customers", "undelivered"], deps=[clevertap])
    def undelivered() -> str:
        return "undelivered"

    return dg.Definitions(
        [table, split, clevertap, undelivered], resources={"io_manager": Nothing()}
    )


def ours_and_bare(root: Path, table: Path, runs: int) -> list[tuple[Measured, Measured]]:
    """Runs of a sync and of Dagster alone, in turn, after one of each; each sync sends all rows."""
    ours, theirs = chain.loaded(root, table), bare()
    found = []
    with chain.quiet(), dg.DagsterInstance.ephemeral() as instance:
        for number in range(runs + 1):
            with mock.patch.dict(os.environ, {"CT_DATA_DIR": str(root / f"data{number}")}):
                _, cpu, wall = timed(lambda: chain.made(ours, instance, chain.SOURCE, *SYNC))
            _, bare_cpu, bare_wall = timed(lambda: chain.made(theirs, instance))
            found.append((Measured(wall, cpu), Measured(bare_wall, bare_cpu)))
    return found[1:]


@pytest.mark.bench
def test_little_is_added_to_what_dagster_costs(tmp_path: Path) -> None:
    table = profiles(tmp_path / "customer.csv", ROWS)
    with chain.account(tmp_path):
        runs = measured(ours_and_bare, tmp_path, table, RUNS).result
    ours, theirs = (median(list(side)) for side in zip(*runs, strict=True))
    record(
        f"a sync of {ROWS:,} rows",
        ROWS,
        ours,
        ratio=ours.cpu / theirs.cpu,
        reference="the CPU of Dagster with steps that do nothing",
        added_cpu_seconds=ours.cpu - theirs.cpu,
        added_seconds=ours.wall - theirs.wall,
    )


def test_a_sample(tmp_path: Path) -> None:
    table = profiles(tmp_path / "customer.csv", 20)
    with chain.account(tmp_path) as server:
        runs = ours_and_bare(tmp_path, table, runs=1)

        assert server.tally().records == 2 * 20
    assert all(ours.cpu > theirs.cpu for ours, theirs in runs)
