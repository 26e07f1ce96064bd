import os
import stat
import time
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.staging import NotStagedError, Snapshot, Staging

KEY = ("chinook", "customer")


def publish(staging: Staging, *values: int, partition: str | None = None) -> Snapshot:
    with staging.draft(KEY, partition) as draft:
        draft.sink(pl.LazyFrame({"n": values}))
        draft.meta = SnapshotMeta(partition_rows={"2026": len(values)})
        return staging.publish(draft)


def test_the_last_published_snapshot_is_current(tmp_path: Path) -> None:
    staging = Staging(tmp_path)

    publish(staging, 1)
    publish(staging, 2, 3)

    current = staging.current(KEY)
    assert current.scan().collect()["n"].to_list() == [2, 3]
    assert current.meta == SnapshotMeta(partition_rows={"2026": 2})


def test_a_draft_with_the_files_of_the_current_snapshot_takes_no_room(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    first = publish(staging, 1)

    with staging.draft(KEY) as draft:
        draft.sink(pl.LazyFrame({"n": [1]}))
        draft.meta = SnapshotMeta(partition_rows={"2027": 1})
        again = staging.publish(draft)

    assert again.file == first.file
    assert staging.snapshots(KEY) == [first.file]
    assert staging.current(KEY).meta == SnapshotMeta(partition_rows={"2027": 1})


def test_a_current_snapshot_whose_bytes_were_flipped_is_replaced(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    first = publish(staging, 1)
    first.file.write_bytes(b"X" + first.file.read_bytes()[1:])

    again = publish(staging, 1)

    assert again.file != first.file
    assert again.scan().collect()["n"].to_list() == [1]


def test_a_reader_of_the_replaced_snapshot_is_not_disturbed(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    reader = publish(staging, 1).scan()

    publish(staging, 2)

    assert reader.collect()["n"].to_list() == [1]


def test_a_replaced_snapshot_goes_once_its_retention_is_over(tmp_path: Path) -> None:
    staging = Staging(tmp_path, retention=timedelta(hours=1))
    old, kept = publish(staging, 1), publish(staging, 2)
    long_ago = time.time() - 7200
    os.utime(old.path.parent, (long_ago, long_ago))
    os.utime(kept.path.parent, (long_ago, long_ago))

    publish(staging, 3)

    assert not old.path.exists()
    assert kept.path.exists(), "its retention starts with its replacement, not with its writing"


def test_a_draft_that_is_not_published_leaves_nothing(tmp_path: Path) -> None:
    staging = Staging(tmp_path)

    with staging.draft(KEY) as draft:
        draft.sink(pl.LazyFrame({"n": [1]}))

    with pytest.raises(NotStagedError, match="chinook/customer: nothing is staged yet"):
        staging.current(KEY)
    assert list(tmp_path.rglob("*.parquet")) == []


def test_partitions_and_odd_names_are_kept_apart(tmp_path: Path) -> None:
    staging = Staging(tmp_path / "staging")
    publish(staging, 1, partition="2021-01-01.5")
    publish(staging, 2, partition="../..")
    publish(staging, 3)

    found = [staging.current(KEY, p).scan().collect().item() for p in ("2021-01-01.5", "../..")]
    assert [*found, staging.current(KEY).scan().collect().item()] == [1, 2, 3]
    assert [p.name for p in tmp_path.iterdir()] == ["staging"]


def test_the_latest_partition_and_all_files_of_an_asset(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    with pytest.raises(NotStagedError):
        staging.latest(KEY)
    first = publish(staging, 1, partition="2021-01-02")
    second = publish(staging, 2, partition="2021-01-01")
    third = publish(staging, 3, partition="2021-01-01")
    os.utime(first.path.parent.parent / "current.json", (0, 0))

    with staging.draft(KEY) as draft:
        draft.sink(pl.LazyFrame({"n": [4]}))
        assert set(staging.snapshots(KEY)) == {first.path, second.path, third.path}
    assert staging.latest(KEY) == third


def test_files_are_private(tmp_path: Path) -> None:
    snapshot = publish(Staging(tmp_path / "staging"), 1)

    everything = [tmp_path / "staging", *(tmp_path / "staging").rglob("*")]
    assert snapshot.path in everything
    assert {stat.S_IMODE(p.stat().st_mode) & 0o077 for p in everything} == {0}


def test_other_ranges_of_partitions_go_once_their_retention_is_over(tmp_path: Path) -> None:
    staging = Staging(tmp_path, retention=timedelta(hours=1))
    old, recent = publish(staging, 1, partition="1...2"), publish(staging, 2, partition="2...3")
    os.utime(old.path.parent, (0, 0))

    publish(staging, 3, partition="3...4")

    assert staging.partitions(KEY) == ["2...3", "3...4"]
    assert old.path.exists(), "whoever reads it now is not disturbed"
    for snapshot in (old, recent):
        os.utime(snapshot.path.parent, (0, 0))
    publish(staging, 4, partition="3...4")
    assert staging.partitions(KEY) == ["3...4"]
    assert not old.path.parent.parent.exists()


def test_a_partition_of_its_own_stays_whatever_its_age(tmp_path: Path) -> None:
    staging = Staging(tmp_path, retention=timedelta(hours=1))
    old = publish(staging, 1, partition="1")
    os.utime(old.path.parent, (0, 0))

    publish(staging, 2, partition="2")
    publish(staging, 3, partition="1...2")

    assert staging.current(KEY, "1") == old


def test_a_draft_is_not_collected_while_it_is_written(tmp_path: Path) -> None:
    staging = Staging(tmp_path, retention=timedelta(hours=1))

    with staging.draft(KEY) as slow:
        slow.sink(pl.LazyFrame({"n": [1]}))
        os.utime(slow.folder, (0, 0))
        publish(staging, 2)

        assert staging.publish(slow).scan().collect()["n"].to_list() == [1]


def test_a_snapshot_of_a_newer_version_is_refused_with_its_place(tmp_path: Path) -> None:
    staging = Staging(tmp_path)
    pointer = publish(staging, 1).path.parent.parent / "current.json"
    pointer.write_text('{"snapshot": "18a", "meta": {"version": 99}}')

    for read in (staging.current, staging.latest, staging.meta, staging.latest_meta):
        with pytest.raises(UserError, match=r"chinook/customer/=: .*newer ct_assets"):
            read(KEY)


@pytest.mark.parametrize("text", ["{", '{"snapshot": "18a"}', '{"snapshot": "18a", "meta": []}'])
def test_a_damaged_pointer_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    staging = Staging(tmp_path)
    pointer = publish(staging, 1).path.parent.parent / "current.json"
    pointer.write_text(text)

    with pytest.raises(UserError, match=r"current.json is damaged .* materialize the asset again"):
        staging.current(KEY)
