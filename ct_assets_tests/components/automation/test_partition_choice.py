"""Which partitions `run`, `plan` and `preview` take."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from ct_assets.components.automation.partition_choice import chosen, rows_of, tags
from ct_assets.errors import UserError
from ct_assets.mapping import parse
from ct_assets.staging import Staging
from ct_assets_tests.mapping.splitting import EVENT

NOW = datetime(2026, 1, 4, 12, tzinfo=UTC)
DAILY = parse({**EVENT, "partition": {"by": "at", "every": "day", "start": "2026-01-01"}})
WHOLE = parse(EVENT)


@pytest.mark.parametrize(
    ("wanted", "every", "first", "last"),
    [
        (None, False, "2026-01-03", "2026-01-04"),
        ("2026-01-02", False, "2026-01-02", "2026-01-02"),
        ("2026-01-01...2026-01-03", False, "2026-01-01", "2026-01-03"),
        (None, True, "2026-01-01", "2026-01-04"),
    ],
)
def test_partitions_of_a_run(
    tmp_path: Path, wanted: str | None, *, every: bool, first: str, last: str
) -> None:
    keys = chosen(DAILY, Staging(tmp_path), NOW, wanted, every=every)

    assert keys == dg.PartitionKeyRange(first, last)
    assert set(tags(keys).values()) == {first, last}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("2026-1-1", "no partition '2026-1-1': they go from 2026-01-01 to 2026-01-04, by day"),
        ("2026-01-02...2027-01-01", "no partition '2027-01-01'"),
        (
            "2026-01-03...2026-01-01",
            r"2026-01-03\.\.\.2026-01-01 goes backwards; write 2026-01-01\.\.\.2026-01-03",
        ),
    ],
)
def test_a_partition_that_there_is_not(tmp_path: Path, wanted: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        chosen(DAILY, Staging(tmp_path), NOW, wanted, every=False)


def test_a_sync_without_partitions(tmp_path: Path) -> None:
    staging = Staging(tmp_path)

    assert tags(chosen(WHOLE, staging, NOW, None, every=False)) == {}
    for wanted, every in (("2026-01-01", False), (None, True)):
        with pytest.raises(UserError, match="has no partitions: every run of it takes all rows"):
            chosen(WHOLE, staging, NOW, wanted, every=every)


def test_rows_of_some_partitions() -> None:
    rows = pl.LazyFrame(
        {"n": [1, 2, 3, 4], "at": [f"2026-01-0{day} 23:59:59" for day in range(1, 5)]}
    )
    keys = dg.PartitionKeyRange("2026-01-02", "2026-01-03")

    assert rows_of(DAILY, rows, keys).collect()["n"].to_list() == [2, 3]
    assert rows_of(DAILY, rows, None).collect()["n"].to_list() == [1, 2, 3, 4]
