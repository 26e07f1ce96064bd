"""From a staged source to valid and rejected rows, as the split asset does it."""

from pathlib import Path

import polars as pl
import pytest

from ct_assets.components.assets.split.split_step import split_into
from ct_assets.components.assets.split.split_warnings import with_warnings
from ct_assets.mapping import parse
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.sources import file_snapshot
from ct_assets.staging import Staging
from ct_assets_tests.benchmarks import chain
from ct_assets_tests.benchmarks.generate import profiles
from ct_assets_tests.benchmarks.measure import MILLION, RUNS, copied, median_of, record


def split_rows(
    source: Path, root: Path, declared: chain.Declared = chain.PROFILES
) -> dict[str, int]:
    """Map, check, split, look for hazards, publish; rows by what became of them."""
    sync, staging = parse(declared), Staging(root)
    with (
        staging.draft(("customers", "valid")) as valid,
        staging.draft(("customers", "rejected")) as rejected,
    ):
        split = split_into(sync, pl.scan_parquet(source), valid, rejected)
        before = staging.meta(("customers", "valid")).split
        valid.meta = SnapshotMeta(split=with_warnings(sync, valid, split, before, ()))
        staging.publish(rejected)
        staging.publish(valid)
    return {"valid": split.counts.valid, "rejected": split.counts.rejected}


def staged(folder: Path, rows: int, *, messy_phones: bool) -> Path:
    source = profiles(folder / "source.parquet", rows, messy_phones=messy_phones)
    file_snapshot.snapshot([source], folder / "staged.parquet", types={})
    return folder / "staged.parquet"


@pytest.mark.bench
@pytest.mark.parametrize(
    ("phones", "declared", "least"),
    [("clean", chain.PROFILES, 400_000), ("messy", chain.MESSY, 150_000)],
    ids=["clean", "messy"],
)
def test_rows_a_second(tmp_path: Path, phones: str, declared: chain.Declared, least: int) -> None:
    source = staged(tmp_path, MILLION, messy_phones=phones == "messy")
    copy = median_of(RUNS, copied, source, tmp_path / "copy.parquet")

    found = median_of(RUNS, split_rows, source, tmp_path / "staging", declared)

    record(
        f"split, {phones} phones",
        MILLION,
        found,
        ratio=found.wall / copy.wall,
        reference="the time of copying the file",
        **found.result,
    )
    assert found.result["valid"] + found.result["rejected"] == MILLION
    assert MILLION / found.wall >= least


def test_a_sample(tmp_path: Path) -> None:
    source = staged(tmp_path, 2_000, messy_phones=True)

    assert split_rows(source, tmp_path / "staging", chain.MESSY) == {"valid": 1830, "rejected": 170}
