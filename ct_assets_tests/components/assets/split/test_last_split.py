import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ct_assets.components.assets.split.last_split import LastSplit
from ct_assets.components.assets.split.split_step import split_into
from ct_assets.components.erasure.staged_erasure import erase_staged
from ct_assets.io_managers.delivery_requests import CHANGED
from ct_assets.mapping import parse
from ct_assets.mapping.kept import row_pairs
from ct_assets.mapping.kept.earlier_split import FAILED
from ct_assets.snapshot_meta import SnapshotMeta, SplitMeta
from ct_assets.staging import DATA, Staging
from ct_assets.store import held_copies
from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.shared_staging import SharedStaging

DECLARED: Mapping[str, Any] = {
    "name": "customers",
    "object": "profile",
    "source": "shop/customer",
    "identify_by": [{"identity": "id"}],
    "fields": {"Email": "mail", "Phone": {"column": "phone", "on_invalid": "drop"}, "Score": "n"},
    "max_rejected": 1.0,
}
SCHEMA = {"id": pl.String, "mail": pl.String, "phone": pl.String, "n": pl.Float64}
Row = tuple[str | None, str | None, str | None, float | None]
ROWS: list[Row] = [(f"c{n}", f"u{n}@x.org", "+4915112345678", n / 4) for n in range(20)]
OTHER: Row = ("c3", "new@x.org", None, 0.5)


class Done(NamedTuple):
    valid: pl.DataFrame
    rejected: pl.DataFrame
    split: SplitMeta
    changed: list[str] | None
    """The keys of the rows that the snapshot before lacked; None if all are judged."""


def frame(rows: Sequence[Row]) -> pl.LazyFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").lazy()


def split(
    root: Path,
    rows: Sequence[Row],
    declared: Mapping[str, Any] = DECLARED,
    *,
    of_run: Callable[[pl.LazyFrame], pl.LazyFrame] = lambda rows: rows,
    anew: bool = False,
    staging: Staging | None = None,
) -> Done:
    """Splits as a run does that reads its source before, and publishes unless it is `anew`."""
    sync, staging = parse(declared), staging or Staging(root)
    with (
        staging.draft(("shop", "customer")) as source,
        staging.draft(("customers", "valid")) as valid,
        staging.draft(("customers", "rejected")) as rejected,
    ):
        source.sink(frame(rows))
        read = source if anew else staging.publish(source)
        last = LastSplit(sync, staging, None, of_run)
        by = (lambda _: None) if anew else last.by
        found = split_into(sync, of_run(read.scan()), valid, rejected, None, "", by)
        told = last.told(found, valid, read.path)
        file = valid.folder / CHANGED
        changed = pl.read_parquet(file)["_key"].to_list() if file.exists() else None
        done = Done(valid.scan().collect(), rejected.scan().collect(), told, changed)
        if not anew:
            valid.meta = SnapshotMeta(split=told)
            staging.publish(rejected)
            staging.publish(valid)
    return done


def assert_as_anew(root: Path, done: Done, rows: Sequence[Row], **options: Any) -> None:
    whole = split(root, rows, **options, anew=True)
    assert_frame_equal(done.valid, whole.valid)
    assert_frame_equal(done.rejected, whole.rejected)
    assert (done.split.counts, done.split.reasons) == (whole.split.counts, whole.split.reasons)
    assert done.split.checksums[DATA] == whole.split.checksums[DATA]
    assert done.split.checksums[FAILED] == whole.split.checksums[FAILED]


@pytest.mark.parametrize(
    ("rows", "changed"),
    [
        ([*ROWS[:3], OTHER, *ROWS[4:]], ["c3"]),
        ([*ROWS, ("c20", None, None, 1.0)], ["c20"]),
        ([("c", None, None, 1.0), *ROWS], ["c"]),
        (ROWS[5:], []),
        ([*ROWS[1:], ROWS[0]], ["c0"]),
        ([*ROWS[:3], ("c3", "bad", None, None), *ROWS[4:]], []),
        ([*ROWS, ROWS[7]], []),  # both are rejected now, as duplicates
    ],
    ids=["edited", "last", "first", "gone", "moved", "rejected", "repeated"],
)
def test_rows_that_did_not_change_are_taken_over(
    tmp_path: Path, rows: list[Row], changed: list[str]
) -> None:
    first = split(tmp_path, ROWS)
    folder = Staging(tmp_path).current(("customers", "valid")).folder.name

    done = split(tmp_path, rows)

    assert first.changed is None
    assert (done.changed, done.split.base) == (changed, folder)
    assert_as_anew(tmp_path, done, rows)


def test_changed_rows_have_their_place_among_the_valid_ones(tmp_path: Path) -> None:
    rejected: Row = ("x", "bad", None, None)
    split(tmp_path, [rejected, *ROWS])

    split(tmp_path, [rejected, *ROWS[:3], OTHER, *ROWS[4:], ("c20", None, None, 1.0)])

    changed = pl.read_parquet(Staging(tmp_path).current(("customers", "valid")).beside(CHANGED))
    assert changed.select("__row", "_key").rows() == [(3, "c3"), (20, "c20")]


def test_rows_are_taken_over_again_and_again(tmp_path: Path) -> None:
    rows = [*ROWS]
    split(tmp_path, rows)
    for n in range(4):
        rows[5 * n] = (f"c{5 * n}", f"again{n}@x.org", None, 1.0)
        done = split(tmp_path, rows)

        assert done.changed == [f"c{5 * n}"]
        assert_as_anew(tmp_path, done, rows)


def test_a_row_that_another_one_no_longer_stands_in_the_way_of(tmp_path: Path) -> None:
    split(tmp_path, [*ROWS, ROWS[7]])

    done = split(tmp_path, ROWS)

    assert done.changed == ["c7"]
    assert_as_anew(tmp_path, done, ROWS)


def test_the_snapshot_stays_if_no_valid_row_has_changed(tmp_path: Path) -> None:
    rows: list[Row] = [*ROWS, ("x", "bad", None, 0.0)]
    split(tmp_path, rows)
    split(tmp_path, [*rows[:3], OTHER, *rows[4:]])
    before = Staging(tmp_path).current(("customers", "valid"))

    done = split(tmp_path, [*rows[:3], OTHER, *rows[4:-1], ("x", "worse", None, 0.0)])

    after = Staging(tmp_path).current(("customers", "valid"))
    assert before.meta.split is not None
    assert (after.folder, done.split.base) == (before.folder, before.meta.split.base)
    assert done.rejected["mail"].to_list() == ["worse"]


@pytest.mark.parametrize("edit", [{"fields": {"Email": "mail"}}, {"where": "n >= 0"}])
def test_another_declaration_judges_all_rows(tmp_path: Path, edit: Mapping[str, Any]) -> None:
    split(tmp_path, ROWS)

    assert split(tmp_path, ROWS, {**DECLARED, **edit}).changed is None


@pytest.mark.parametrize(
    ("where", "taken"),
    [
        ("mail not in ('u1@x.org')", True),
        ("n % 2 <> 1", True),
        ("n < (max(n))", False),
        ("n <= avg(n)", False),
        ("n >= 0 and now() is not null", False),
    ],
)
def test_sql_of_each_row_by_itself(tmp_path: Path, where: str, *, taken: bool) -> None:
    declared, rows = {**DECLARED, "where": where}, [*ROWS[:3], OTHER, *ROWS[4:]]
    split(tmp_path, ROWS, declared)

    done = split(tmp_path, rows, declared)

    assert (done.changed is not None) == taken
    if taken:
        assert_as_anew(tmp_path, done, rows, declared=declared)


def test_another_column_judges_all_rows(tmp_path: Path) -> None:
    split(tmp_path, ROWS)

    with mock.patch.dict(SCHEMA, n=pl.Int64):
        assert split(tmp_path, [(*row[:3], 1) for row in ROWS]).changed is None


def test_the_rows_of_a_partition(tmp_path: Path) -> None:
    rows = [*ROWS[:3], OTHER, *ROWS[4:]]

    def later(whole: pl.LazyFrame) -> pl.LazyFrame:
        return whole.filter(pl.col("n") >= 0.5)

    split(tmp_path, ROWS, of_run=later)

    done = split(tmp_path, rows, of_run=later)

    assert done.changed == ["c3"]
    assert_as_anew(tmp_path, done, rows, of_run=later)


def test_most_rows_are_others(tmp_path: Path) -> None:
    split(tmp_path, ROWS)
    few = split(tmp_path, [*ROWS[:10], *((f"a{n}", None, None, 1.0) for n in range(15))])
    fewer = split(tmp_path, [*ROWS[:3], *((f"b{n}", None, None, 1.0) for n in range(25))])

    assert few.changed is None  # they are the greater part, so that all are compared
    assert (few.split.base, fewer.split.base) == ("", "")


@pytest.mark.parametrize("name", ["valid/=/*/data", "valid/=/*/keys", "valid/=/*/failed"])
@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"X" + b[1:], lambda _: None])
def test_damaged_files_are_not_taken_over(tmp_path: Path, name: str, damage: Any) -> None:
    split(tmp_path, ROWS)
    (file,) = (tmp_path / "customers").glob(f"{name}.parquet")
    whole = file.read_bytes()
    if (left := damage(whole)) is None:
        file.unlink()
    else:
        file.write_bytes(left)

    assert split(tmp_path, [*ROWS[:3], OTHER, *ROWS[4:]]).changed is None


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_bytes(b"PAR1")])
def test_rows_of_a_source_that_is_gone_are_judged(tmp_path: Path, damage: Any) -> None:
    split(tmp_path, ROWS)
    (file,) = (tmp_path / "shop/customer").glob("=/*/data.parquet")
    damage(file)

    assert split(tmp_path, [*ROWS[:3], OTHER, *ROWS[4:]]).changed is None


def test_after_a_person_was_erased_all_rows_are_judged(tmp_path: Path) -> None:
    rows = [*ROWS[:3], OTHER, *ROWS[4:]]
    split(tmp_path, ROWS)
    split(tmp_path, rows)
    erase_staged(Staging(tmp_path), [parse(DECLARED)], [("identity", "c3")])
    left = Staging(tmp_path).current(("customers", "valid"))
    assert pl.read_parquet(left.beside(CHANGED))["_key"].to_list() == []
    assert left.meta.split is not None
    assert left.meta.split.base == ""

    done = split(tmp_path, rows)

    assert done.changed is None
    assert_as_anew(tmp_path, done, rows)


def test_a_split_of_an_earlier_version_is_not_taken_over(tmp_path: Path) -> None:
    split(tmp_path, ROWS)
    staging = Staging(tmp_path)
    meta = staging.meta(("customers", "valid"))
    assert meta.split is not None
    old = replace(meta.split, rules="", source="", source_checksum=None)
    staging.amend(("customers", "valid"), None, replace(meta, split=old))

    assert split(tmp_path, ROWS[1:]).changed is None


def test_the_last_split_of_another_host(tmp_path: Path) -> None:
    objects, rows = FolderObjects(tmp_path / "shared"), [*ROWS[:3], OTHER, *ROWS[4:]]
    one, other = (
        SharedStaging(tmp_path / name, objects=objects, cache_bytes=10**9)
        for name in ("one", "other")
    )
    split(tmp_path, ROWS, staging=one)

    done = split(tmp_path, rows, staging=other)

    for folder in list(held_copies._held):
        held_copies.release(folder)
    assert done.changed == ["c3"]
    assert_as_anew(tmp_path, done, rows)


ROW = st.tuples(
    st.sampled_from(["1", "2", "3", "4", "5", "", None]),
    st.sampled_from(["a@b.org", "A@b.org", "bad", None]),
    st.sampled_from(["+4915112345678", "0151 1", None]),
    st.sampled_from([0.0, -0.0, 1.5, float("nan"), None]),
)
EDIT = st.tuples(st.sampled_from(["put", "drop", "move"]), st.integers(0, 30), ROW)


def edited(rows: Sequence[Row], edits: Sequence[tuple[str, int, Row]]) -> list[Row]:
    left = [*rows]
    for kind, place, row in edits:
        at = place % (len(left) + 1)
        taken = left.pop(at) if kind != "put" and at < len(left) else None
        if kind == "put":
            left.insert(at, row)
        elif kind == "move" and taken is not None:
            left.append(taken)
    return left


@settings(max_examples=25, deadline=None)
@given(
    st.lists(ROW, max_size=30),
    st.lists(st.lists(EDIT, max_size=5), max_size=3),
    st.sampled_from([{}, {"where": "n is null or n < 1"}, {"duplicates": {"keep_latest_by": "n"}}]),
)
def test_every_split_is_the_one_that_judges_all_rows(
    rows: list[Row], runs: list[list[tuple[str, int, Row]]], also: Mapping[str, Any]
) -> None:
    declared = {**DECLARED, **also}
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.multiple(row_pairs, WINDOW=4, _NEAR=6, _FAR=12),
    ):
        split(Path(folder), rows, declared)
        for edits in runs:
            rows = edited(rows, edits)
            done = split(Path(folder), rows, declared)
            assert_as_anew(Path(folder), done, rows, declared=declared)
