from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from ct_assets.io_managers.parquet_io_manager import ParquetStaging
from ct_assets.staging import Snapshot


@dg.asset(io_manager_key="staging")
def numbers() -> pl.LazyFrame:
    return pl.LazyFrame({"n": [1, 2, 3]})


def run(root: Path, *assets: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
    staging = ParquetStaging(root=str(root))
    return dg.materialize(list(assets), resources={"staging": staging})


def test_a_lazy_frame_goes_in_and_comes_out(tmp_path: Path) -> None:
    @dg.asset(ins={"numbers": dg.AssetIn(input_manager_key="staging")}, io_manager_key="staging")
    def doubled(numbers: pl.LazyFrame) -> pl.DataFrame:
        return numbers.select(pl.col("n") * 2).collect()

    result = run(tmp_path, numbers, doubled)

    staged = ParquetStaging(root=str(tmp_path)).staging().current(["doubled"])
    assert staged.scan().collect()["n"].to_list() == [2, 4, 6]
    (event,) = result.asset_materializations_for_node("numbers")
    assert event.metadata["dagster/row_count"].value == 3
    assert "dagster/column_schema" in event.metadata


@pytest.mark.parametrize("kind", [Snapshot, pl.LazyFrame])
def test_the_reader_says_how_it_wants_it(tmp_path: Path, kind: type) -> None:
    found = []

    def read(numbers: object) -> None:
        found.append(numbers)

    read.__annotations__["numbers"] = kind
    reader = dg.asset(ins={"numbers": dg.AssetIn(input_manager_key="staging")})(read)

    run(tmp_path, numbers, reader)

    assert isinstance(found[0], kind)
