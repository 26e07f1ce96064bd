"""Where CleverTap has the snapshot before, only rows that it lacked are compared."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct_assets.delivery import DeliveryRequest, Policy
from ct_assets.delivery.delivery_request import ChangedRows
from ct_assets.delivery.diff.diff import compare
from ct_assets.delivery.state.scratch_tables import DIFF
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets_tests.delivery.kit import EVENTS, NOW, PROFILES, Row, Sync, event, profile, snapshot

BEFORE = [profile(f"c{n}", City="Bonn") for n in range(4)]
TODAY = [*BEFORE[:2], profile("c2", City="Rom"), BEFORE[3], profile("c4", City="Rom")]


def changed(sync: Sync, before: DeliveryRequest, rows: Sequence[Row], also: int = 0) -> ChangedRows:
    """Those of `rows` that the snapshot `before` lacked, and so many of the others."""
    had = pl.read_parquet(before.valid).select("_key", "_record").rows()
    known = [(row["_key"], row["_record"]) in had for row in rows]
    news = [n for n, as_before in enumerate(known) if not as_before or n < also]
    path = snapshot(sync.folder / f"changed-{sync.runs}.parquet", [rows[n] for n in news])
    places = pl.Series("__row", news, dtype=pl.Int64)
    columns = pl.read_parquet_schema(snapshot(sync.folder / "all.parquet", rows))
    frame = pl.read_parquet(path)
    lacking = {name: pl.lit(None, dtype) for name, dtype in columns.items() if name not in frame}
    frame.with_columns(**lacking).select(*columns).with_columns(places).write_parquet(path)
    return ChangedRows(rows=path, base=before.valid)


def compared(sync: Sync, request: DeliveryRequest) -> tuple[dict[str, int], list[Any]]:
    """The fates of all rows, and those that were compared, by their place."""
    with SyncState.open(sync.home, sync.policy) as state, state.database() as connection:
        diff = compare(connection, request)
        rows = connection.execute(f"select row, fate from {DIFF} order by row").fetchall()
    return dict(diff.fates), rows


def after(sync: Sync, rows: Sequence[Row], **options: Any) -> DeliveryRequest:
    """The request for `rows` once CleverTap has those of `BEFORE`."""
    before = sync.request(BEFORE, at=NOW)
    sync.send(before)
    return sync.request(rows, changed=changed(sync, before, rows), at=NOW, **options)


def test_rows_that_stayed_are_not_compared(profiles: Sync) -> None:
    request = after(profiles, TODAY)

    assert compared(profiles, request) == (
        {"unchanged": 3, "changed": 1, "new": 1},
        [(2, "changed"), (4, "new")],
    )


def test_rows_may_be_compared_that_stayed(profiles: Sync) -> None:
    before = profiles.request(BEFORE, at=NOW)
    profiles.send(before)
    request = profiles.request(TODAY, changed=changed(profiles, before, TODAY, also=2), at=NOW)

    assert compared(profiles, request) == (
        {"unchanged": 3, "changed": 1, "new": 1},
        [(0, "unchanged"), (1, "unchanged"), (2, "changed"), (4, "new")],
    )


def test_their_delivery_is_that_of_all_rows(profiles: Sync) -> None:
    result = profiles.send(after(profiles, TODAY))

    assert (result.counts.valid, result.counts.unchanged, result.counts.acked) == (5, 3, 2)
    assert result.counts.violations() == []
    report = pl.read_parquet(result.report).select("key", "outcome").rows()
    assert sorted(report) == [("c2", "acked"), ("c4", "acked")]


def test_the_next_one_goes_by_this_one(profiles: Sync) -> None:
    second = after(profiles, TODAY)
    profiles.send(second)
    rows = [*TODAY[:4], profile("c4", City="Ulm")]

    third = profiles.request(rows, changed=changed(profiles, second, rows), at=NOW)

    assert compared(profiles, third) == ({"unchanged": 4, "changed": 1}, [(4, "changed")])


def test_without_any_changed_row(profiles: Sync) -> None:
    result = profiles.send(after(profiles, BEFORE[1:]))

    assert (result.counts.unchanged, result.requests) == (3, 0)


def test_removed_rows_are_found(profiles: Sync) -> None:
    policy = replace(PROFILES, on_removed="delete", max_removed=1.0)
    profiles.policy = policy

    result = profiles.send(after(profiles, TODAY[1:]))

    assert (result.counts.removed, result.counts.removals.acked) == (1, 1)


def test_events_too(events: Sync) -> None:
    rows = [event("a"), event("b", "2")]
    before = events.request(rows, at=NOW)
    events.send(before)
    today = [*rows, event("c")]
    request = events.request(today, changed=changed(events, before, today), at=NOW)

    assert compared(events, request) == ({"unchanged": 2, "new": 1}, [(2, "new")])


ALL = [(0, "unchanged"), (1, "unchanged"), (2, "changed"), (3, "unchanged"), (4, "new")]


def test_all_are_compared_if_the_snapshot_before_did_not_arrive(profiles: Sync) -> None:
    request = after(profiles, TODAY)
    profiles.send(profiles.request([*BEFORE[:3], profile("c3", City="Ulm")], at=NOW))

    assert compared(profiles, request)[1] == [*ALL[:3], (3, "changed"), ALL[4]]


def test_all_are_compared_if_the_snapshot_before_is_gone(profiles: Sync) -> None:
    request = after(profiles, TODAY)
    assert request.changed is not None
    request.changed.base.unlink()

    assert compared(profiles, request)[1] == ALL


@pytest.mark.parametrize(
    "edit",
    [
        {"full": True},
        {"limit": 9},
        {"partition": "2026-01-01"},
        {"policy": replace(PROFILES, declaration="d2")},
    ],
)
def test_all_are_compared_for_another_request(profiles: Sync, edit: Any) -> None:
    request = replace(after(profiles, TODAY), **edit)

    assert [row for row, _ in compared(profiles, request)[1]] == [0, 1, 2, 3, 4]


def test_whoever_was_forgotten_is_looked_for(profiles: Sync) -> None:
    request = after(profiles, TODAY)
    Suppressions(profiles.home.parent).add([("identity", "c0")])

    assert compared(profiles, request)[1] == [(0, "forgotten"), *ALL[1:]]


def test_a_person_with_several_identifiers_is_looked_for_among_all(profiles: Sync) -> None:
    rows = [*BEFORE[1:], profile("d0", also=["identity:c0"], City="Bonn")]

    assert compared(profiles, after(profiles, rows)) == (
        {"unchanged": 3, "changed": 1},
        [(0, "unchanged"), (1, "unchanged"), (2, "unchanged"), (3, "changed")],
    )


class Outcome(NamedTuple):
    counts: Any
    report: list[Any]
    state: list[Any]


def outcome(sync: Sync, request: DeliveryRequest) -> Outcome:
    result = sync.send(request)
    report = pl.read_parquet(result.report).drop("sent_at", "answered_at", strict=False)
    with SyncState.open(sync.home, sync.policy) as state, state.database() as connection:
        rows = [
            row
            for table in ("synced", "held")
            for row in connection.execute(f"from {table} order by kind, key").fetchall()
        ]
    return Outcome(result.counts, sorted(report.rows(), key=str), rows)


PROFILE = st.builds(
    lambda key, city: profile(key, City=city),
    st.sampled_from([f"c{n}" for n in range(6)]),
    st.sampled_from(["Bonn", "Rom", None]),
)
EVENT = st.builds(event, st.sampled_from("abcdef"), st.sampled_from("12"))


def tables(row: st.SearchStrategy[Row]) -> st.SearchStrategy[list[list[Row]]]:
    table = st.lists(row, max_size=6, unique_by=lambda row: row["_key"])
    return st.lists(table, min_size=2, max_size=4)


@pytest.mark.long
@settings(
    max_examples=10,
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drawn=st.one_of(tables(PROFILE), tables(EVENT)))
def test_a_delivery_is_what_comparing_all_rows_gives(
    drawn: list[list[Row]], tmp_path_factory: pytest.TempPathFactory, profiles: Sync
) -> None:
    is_event = any("_ts" in row for rows in drawn for row in rows)
    policy: Policy = EVENTS if is_event else PROFILES
    one, other = (  # the host remembers what a sync of that name has sent
        Sync(folder, replace(policy, sync=folder.name), profiles.sandbox)
        for folder in (tmp_path_factory.mktemp(name) for name in ("one", "other"))
    )
    before: DeliveryRequest | None = None
    for rows in drawn:
        request = one.request(rows, at=NOW)
        news = changed(one, before, rows) if before else None
        whole = outcome(other, other.request(rows, at=NOW))

        assert outcome(one, replace(request, changed=news)) == whole
        before = request


def test_the_places_of_changed_rows_are_their_own(profiles: Sync) -> None:
    """Many rows leave in the order of the snapshot, read beside their numbers."""
    rows = [profile(f"c{n}", City="Bonn") for n in range(30)]
    before = profiles.request(rows, at=NOW)
    profiles.send(before)
    today = [profile(f"c{n}", City="Rom") if n % 3 == 0 else rows[n] for n in range(30)]
    request = profiles.request(today, changed=changed(profiles, before, today), at=NOW)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ct_assets.delivery.batch_numbers.MAX_SORTED", 5)
        result = profiles.send(request)

    assert (result.counts.unchanged, result.counts.acked) == (20, 10)
    cities = {person.identity: person.props["City"] for person in profiles.sandbox.profiles()}
    assert cities == {f"c{n}": "Rom" if n % 3 == 0 else "Bonn" for n in range(30)}
