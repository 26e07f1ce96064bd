"""Snapshots that hosts share: each host here has a folder of its own, and nothing else."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.staging import NotStagedError, Snapshot
from ct_assets.store import held_copies
from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.objects import ObjectMissing
from ct_assets.store.shared_staging import SharedStaging

KEY = ("shop", "person")
Hosts = Callable[..., SharedStaging]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Hosts]:
    def made(name: str, *, hours: float = 24, cache_bytes: int = 10**9) -> SharedStaging:
        objects = FolderObjects(tmp_path / "shared")
        retention = timedelta(hours=hours)
        return SharedStaging(tmp_path / name, retention, objects=objects, cache_bytes=cache_bytes)

    yield made
    for folder in list(held_copies._held):
        held_copies.release(folder)


def publish(staging: SharedStaging, *values: int, partition: str | None = None) -> Snapshot:
    with staging.draft(KEY, partition) as draft:
        draft.sink(pl.LazyFrame({"n": values}))
        draft.path.with_name("keys.parquet").write_bytes(b"beside")
        draft.meta = SnapshotMeta(partition_rows={"2026": len(values)})
        return staging.publish(draft)


def values(snapshot: Snapshot) -> list[int]:
    return snapshot.scan().collect()["n"].to_list()


def copies(staging: SharedStaging) -> list[str]:
    return sorted(p.relative_to(staging.root).as_posix() for p in staging.root.rglob("*.parquet"))


def objects(staging: SharedStaging) -> list[str]:
    return sorted(staging.objects.names("staging/"))


def age(tmp_path: Path, hours: float) -> None:
    """Makes all that was written so far as old."""
    then = time.time() - hours * 3600
    for path in (tmp_path / "shared").rglob("*"):
        os.utime(path, (then, then))


def test_a_host_reads_what_another_has_staged(host: Hosts) -> None:
    a, b = host("a"), host("b")
    publish(a, 1)
    publish(a, 2, 3)

    found = b.current(KEY)

    assert found.meta == SnapshotMeta(partition_rows={"2026": 2})
    assert copies(b) == [], "nothing is fetched before it is read"
    assert values(found) == [2, 3]
    assert found.beside("keys.parquet").read_bytes() == b"beside"
    assert b.place(found) == f"staging/shop/person/=/{found.folder.name}/data.parquet"
    assert {p.stat().st_mode & 0o777 for p in b.root.rglob("*.parquet")} == {0o400}


def test_a_copy_may_vanish_at_any_moment(host: Hosts) -> None:
    a = host("a")
    snapshot = publish(a, 1)
    shutil.rmtree(a.root)

    assert values(snapshot) == [1]
    snapshot.beside("keys.parquet").unlink()
    assert snapshot.beside("keys.parquet").read_bytes() == b"beside"
    assert values(a.current(KEY)) == [1]


def test_a_copy_that_was_cut_or_changed_is_fetched_again(host: Hosts) -> None:
    a = host("a")
    snapshot = publish(a, 1)
    whole = snapshot.file.read_bytes()
    snapshot.file.chmod(0o600)
    snapshot.file.write_bytes(whole[:-1] + b"x")

    assert values(a.current(KEY)) == [1]


def test_a_draft_with_the_files_of_the_current_snapshot_is_no_new_object(host: Hosts) -> None:
    a, b = host("a"), host("b")
    publish(a, 1)
    stored = objects(a)

    publish(a, 1)

    assert objects(a) == stored
    assert values(b.current(KEY)) == [1]


def test_what_was_fetched_is_not_fetched_twice(
    host: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = host("a"), host("b")
    publish(a, 1)
    values(b.current(KEY))
    monkeypatch.setattr(FolderObjects, "fetch", lambda *_: pytest.fail("fetched again"))

    assert values(Snapshot(b.root / next(p for p in copies(b) if "data" in p))) == [1]
    snapshot = publish(b, 2)

    assert values(snapshot) == [2]


def test_partitions_of_all_hosts(host: Hosts) -> None:
    a, b = host("a"), host("b")
    publish(a, 1, partition="2026-01-01.5")
    publish(b, 2, partition="../..")
    publish(a, 3)

    assert b.partitions(KEY) == [None, "../..", "2026-01-01.5"]
    assert [values(b.current(KEY, p)) for p in b.partitions(KEY)] == [[3], [2], [1]]
    assert values(b.latest(KEY)) == [3]
    assert [values(Snapshot(path)) for path in b.snapshots(KEY)] == [[3], [2], [1]]
    assert b.knows(KEY)
    assert not b.knows(("shop",)), "an asset in the same folder is another one"


def test_a_snapshot_is_found_by_its_name(host: Hosts) -> None:
    a, b = host("a"), host("b")
    name = a.name_of(publish(a, 1))
    publish(a, 2)

    assert name
    found = b.named(name)
    assert found is not None
    assert found.collect()["n"].to_list() == [1]
    assert b.named(f"{name}0") is None


def test_nothing_is_staged(host: Hosts) -> None:
    a = host("a")

    with pytest.raises(NotStagedError, match="shop/person, partition 2026: nothing is staged yet"):
        a.current(KEY, "2026")
    with pytest.raises(NotStagedError):
        a.latest(KEY)
    assert a.snapshots(KEY) == []
    assert a.partitions(KEY) == []
    assert a.meta(KEY) == a.latest_meta(KEY) == SnapshotMeta()


def test_an_object_that_is_missing_is_told(host: Hosts) -> None:
    a, b = host("a"), host("b")
    name = publish(a, 1).folder.name
    a.objects.remove(f"staging/shop/person/=/{name}/data.parquet")

    with pytest.raises(ObjectMissing, match=rf"=/{name}/data.parquet is missing in .*materialize"):
        values(b.current(KEY))


@pytest.mark.parametrize("text", ["{", "[]", '{"snapshot": "1"}'])
def test_a_damaged_pointer_is_told_with_its_place(host: Hosts, text: str) -> None:
    a = host("a")
    a.objects.put_bytes("staging/shop/person/=/current.json", text.encode())

    with pytest.raises(UserError, match=r"staging/shop/person/=/current.json is damaged"):
        a.current(KEY)


def test_meta_is_amended_for_all(host: Hosts) -> None:
    a, b = host("a"), host("b")
    publish(a, 1)

    b.amend(KEY, None, SnapshotMeta(partition_rows={"2027": 7}))

    assert a.current(KEY).meta.partition_rows == {"2027": 7}
    assert values(a.current(KEY)) == [1]


def test_a_replaced_snapshot_goes_once_its_retention_is_over(host: Hosts, tmp_path: Path) -> None:
    a, b = host("a", hours=1), host("b", hours=1)
    first, second = publish(a, 1), publish(a, 2)
    assert values(b.current(KEY)) == [2]
    age(tmp_path, 3)

    third = publish(a, 3)

    kept = {name.split("/")[4] for name in objects(a) if not name.endswith(".json")}
    assert kept == {second.folder.name, third.folder.name}
    assert not first.folder.exists()
    age(tmp_path, 3)
    publish(a, 4)
    assert not any(second.folder.name in name for name in objects(a))


def test_ranges_of_partitions_go_once_their_retention_is_over(host: Hosts, tmp_path: Path) -> None:
    a = host("a", hours=1)
    publish(a, 1, partition="2026-01-01...2026-01-03")
    publish(a, 2, partition="2026-01-01")
    age(tmp_path, 3)

    publish(a, 3, partition="2026-01-02...2026-01-04")

    assert a.partitions(KEY) == ["2026-01-01", "2026-01-02...2026-01-04"]
    publish(a, 4, partition="2026-01-02...2026-01-04")
    assert not any("2026-01-03" in name and "current" not in name for name in objects(a)), objects(
        a
    )


def test_the_cache_is_bounded(host: Hosts) -> None:
    a, b = host("a"), host("b", cache_bytes=3000, hours=24)
    for partition in ("1", "2", "3", "4"):
        publish(a, *range(200), partition=partition)
    for partition in ("1", "2", "3"):
        assert len(values(b.current(KEY, partition))) == 200
    assert len(copies(b)) == 6, "what this process reads stays"
    for folder in list(held_copies._held):
        held_copies.release(folder)

    values(b.current(KEY, "4"))

    assert sum(p.stat().st_size for p in b.root.rglob("*.parquet")) <= 3000
    assert any("=4/" in copy for copy in copies(b))


def test_a_copy_that_nobody_used_for_the_retention_goes(host: Hosts) -> None:
    a, b = host("a"), host("b")
    publish(a, 1, partition="1")
    publish(a, 2, partition="2")
    old = b.current(KEY, "1")
    values(old)
    held_copies.release(old.folder)
    os.utime(old.folder, (0, 0))

    values(b.current(KEY, "2"))

    assert [copy.split("/")[2] for copy in copies(b)] == ["=2", "=2"]


def test_edits_reach_the_store_and_all_hosts(host: Hosts) -> None:
    a, b = host("a"), host("b")
    replaced, current = publish(a, 1), publish(a, 1, 2)
    assert values(b.current(KEY)) == [1, 2]
    for path in a.snapshots(KEY):
        kept = pl.read_parquet(path).filter(pl.col("n") != 1)
        path.unlink()
        kept.write_parquet(path)

    a.keep_edits(KEY)

    assert values(b.current(KEY)) == values(a.current(KEY)) == [2]
    assert b.current(KEY).meta == current.meta
    assert b.current(KEY).beside("keys.parquet").read_bytes() == b"beside"
    names = " ".join(objects(a))
    assert replaced.folder.name not in names
    assert current.folder.name not in names
    assert len(objects(a)) == 3
    for folder in list(held_copies._held):
        held_copies.release(folder)
    publish(b, 2)
    assert not any(current.folder.name in copy for copy in copies(b))


def test_edits_that_were_cut_short_are_made_again(host: Hosts) -> None:
    a = host("a")
    publish(a, 1, 2)
    (path,) = a.snapshots(KEY)
    path.unlink()
    pl.DataFrame({"n": [2]}).write_parquet(path)

    (again,) = a.snapshots(KEY)

    assert pl.read_parquet(again)["n"].to_list() == [1, 2], "the store has them still"


def test_the_pointer_names_the_files(host: Hosts) -> None:
    a = host("a")
    snapshot = publish(a, 1)

    pointer = json.loads(a.objects.get_bytes("staging/shop/person/=/current.json"))

    assert pointer["snapshot"] == snapshot.folder.name
    assert pointer["files"] == {"data.parquet": snapshot.path.stat().st_size, "keys.parquet": 6}
