"""What was delivered of each partition is remembered, whatever runs side by side."""

import json
from pathlib import Path

import polars as pl
import pytest

from ct_assets.components.automation.partitions import (
    delivered,
    take_stock,
    waiting,
)
from ct_assets.mapping import Sync
from ct_assets.row_counts import RowCounts
from ct_assets.snapshot_meta import Gate, SnapshotMeta, SplitMeta
from ct_assets.staging import Snapshot, Staging
from ct_assets_tests.clevertap.account import destination_from_env
from ct_assets_tests.components.automation.partitions_kit import declared

pytestmark = pytest.mark.sampled(5)


def days(*found: int) -> pl.LazyFrame:
    return pl.LazyFrame({"InvoiceDate": [f"2026-01-{day:02} 10:00:00" for day in found]})


class Runs:
    """The splits and deliveries of a sync, without what is split and sent."""

    def __init__(self, staging: Staging, sync: Sync) -> None:
        self.staging, self.sync = staging, sync
        to = destination_from_env()
        assert to is not None
        self.destination = to.name

    def split(self, source: pl.LazyFrame, *mine: int) -> Snapshot:
        with self.staging.draft((self.sync.name, "valid"), repr(mine)) as draft:
            draft.meta = SnapshotMeta(
                split=SplitMeta(
                    declaration=self.sync.digest,
                    counts=RowCounts(source=0),
                    gate=Gate(passed=True),
                )
            )
            keys = [f"2026-01-{day:02}" for day in mine]
            self.late = take_stock(self.sync, source, self.staging, draft, keys)
            return Snapshot(draft.path, draft.meta)

    def deliver(self, *splits: Snapshot) -> None:
        for valid in splits:
            delivered(self.sync, self.staging, self.destination, valid)

    @property
    def waiting(self) -> dict[str, int]:
        return dict(waiting(self.sync, self.staging))


@pytest.fixture
def runs(root: Path) -> Runs:
    return Runs(Staging(root / "data" / "staging"), declared("day"))


def test_runs_side_by_side_forget_nothing_of_each_other(runs: Runs) -> None:
    fifth, sixth = runs.split(days(5, 6), 5), runs.split(days(5, 6, 6), 6)

    runs.deliver(sixth, fifth)
    runs.split(days(5, 6, 6, 6), 9)

    assert runs.waiting == runs.late == {"2026-01-06": 1}


def test_rows_count_as_delivered_as_they_were_split(runs: Runs) -> None:
    first = runs.split(days(5), 5)
    runs.split(days(5, 5), 6)

    runs.deliver(first)

    assert runs.waiting == {"2026-01-05": 1}


def test_a_period_that_was_passed_over_is_told(runs: Runs) -> None:
    runs.deliver(runs.split(days(4, 5, 6, 7, 9), 5))
    assert runs.late == {}

    runs.split(days(4, 5, 6, 7, 9), 7)

    assert runs.late == {"2026-01-06": 1}


def test_a_row_in_the_place_of_one_that_vanished_is_late(runs: Runs) -> None:
    runs.deliver(runs.split(days(5, 5), 5))
    runs.deliver(runs.split(days(5), 6))

    runs.split(days(5, 5), 7)

    assert runs.late == {"2026-01-05": 1}


@pytest.mark.parametrize(
    "other", [declared("day", where="Total > 1"), declared("month")], ids=["rows", "partitions"]
)
def test_another_declaration_compares_everything_once(runs: Runs, other: Sync) -> None:
    runs.deliver(runs.split(days(5), 5))
    before = runs.waiting

    runs.sync = other

    assert (before, runs.waiting) == ({}, {"2026-01-05": 1})


def test_an_empty_source_has_nothing_that_waits(runs: Runs) -> None:
    runs.deliver(runs.split(days(), 5))

    assert runs.waiting == runs.late == {}


def test_what_an_older_version_kept_is_compared_once(runs: Runs) -> None:
    with runs.staging.draft((runs.sync.name, "partitions")) as draft:
        draft.sink(pl.LazyFrame({"key": ["2026-01-05"], "rows": [1]}))
        pointer = runs.staging.publish(draft).path.parent.with_name("current.json")
    old = {"snapshot": "s", "meta": {"rows": {"2026-01-05": 1}, "late": {}}}
    pointer.write_text(json.dumps(old))

    assert runs.waiting == {"2026-01-05": 1}
