from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct_assets.delivery import DeliveryRequest
from ct_assets.delivery.diff import settled_snapshot
from ct_assets.delivery.diff.diff import Diff, compare
from ct_assets.delivery.state.scratch_tables import DIFF
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets_tests.delivery.kit import NOW, PROFILES, Sync, event, profile

ROWS = [profile("1", City="Bonn"), profile("2", City=None, also=["email:b@c.de"])]


def compared(sync: Sync, request: DeliveryRequest) -> tuple[Diff, list[tuple[Any, ...]]]:
    with SyncState.open(sync.home, sync.policy) as state, state.database() as connection:
        diff = compare(connection, request)
        fates = connection.execute(f"select row, fate from {DIFF} order by row").fetchall()
    return diff, fates


def in_full(sync: Sync, request: DeliveryRequest) -> tuple[Diff, list[tuple[Any, ...]]]:
    with mock.patch.object(settled_snapshot, "settled_file", return_value=None):
        return compared(sync, request)


def test_nothing_is_compared_where_nothing_has_changed(profiles: Sync) -> None:
    request = profiles.request(ROWS)
    profiles.send(request)

    diff, fates = compared(profiles, request)

    assert diff.settled
    assert (diff.fates, fates) == ({"unchanged": 2}, [(0, "unchanged"), (1, "unchanged")])
    assert in_full(profiles, request)[1] == fates


def test_it_stays_so_after_a_run_without_changes(profiles: Sync) -> None:
    request = profiles.request(ROWS)
    results = [profiles.send(replace(request, run=f"run {n}")) for n in range(3)]

    assert [(r.counts.acked, r.counts.unchanged) for r in results] == [(2, 0), (0, 2), (0, 2)]
    assert compared(profiles, request)[0].settled


def test_events_too(events: Sync) -> None:
    request = events.request([event("a"), event("b", "2")])
    events.send(request)

    assert compared(events, request) == (
        Diff({"unchanged": 2}, {}, (), settled=True),
        [(0, "unchanged"), (1, "unchanged")],
    )


def test_another_request_is_compared(profiles: Sync) -> None:
    request = profiles.request(ROWS)
    profiles.send(request)
    policy = request.policy
    others = (
        replace(request, full=True),
        replace(request, limit=1),
        replace(request, partition="2026-01-01"),
        replace(request, policy=replace(policy, declaration="d2")),
        replace(request, policy=replace(policy, mode="update_only")),
        replace(request, policy=replace(policy, object="event")),
    )

    with SyncState.open(profiles.home, PROFILES) as state, state.database() as connection:
        assert settled_snapshot.settled_file(connection, request) == request.valid
        settled = [settled_snapshot.settled_file(connection, other) for other in others]

    assert settled == [None] * 6


def test_another_state_is_compared(profiles: Sync) -> None:
    request = profiles.request(ROWS)
    profiles.send(request)
    settled = {}

    with SyncState.open(profiles.home, PROFILES) as state, state.database() as connection:
        for statement in (
            "update synced set delivery = 1",  # as it was
            "delete from synced where key = '1'",
            "update synced set fingerprint = null where key = '1'",
            "update synced set fields = [0] where key = '1'",
            "update synced set also = null",
            "insert into synced select * replace ('3' as key) from synced where key = '1'",
            "insert into held (kind, key, reason) values ('identity', '1', 'parked')",
        ):
            connection.execute("begin")
            connection.execute(statement)
            settled[statement] = settled_snapshot.settled_file(connection, request)
            connection.execute("rollback")

    assert list(settled.values()) == [request.valid, *[None] * 6]


def test_another_file_is_compared(profiles: Sync) -> None:
    profiles.send(profiles.request(ROWS))

    assert not compared(profiles, profiles.request(ROWS))[0].settled


def test_whoever_was_forgotten_is_looked_for(profiles: Sync) -> None:
    request = profiles.request(ROWS)
    profiles.send(request)
    Suppressions(profiles.home.parent).add([("identity", "1")])

    assert compared(profiles, request)[1] == [(0, "forgotten"), (1, "unchanged")]


def test_a_delivery_that_left_something_is_compared(profiles: Sync) -> None:
    request = profiles.request([*ROWS, profile("3", Email="nobody")])
    profiles.send(request)

    diff, fates = compared(profiles, request)

    assert not diff.settled
    assert fates == [(0, "unchanged"), (1, "unchanged"), (2, "refused")]


CITIES: list[dict[str, Any]] = [{"City": "Bonn"}, {"City": None}, {"City": None, "clear": ["City"]}]
ROW = st.builds(
    lambda key, city, also: profile(key, also=also, **city),
    st.sampled_from("123"),
    st.sampled_from(CITIES),
    st.sampled_from([None, ["email:b@c.de"], ["email:c@c.de"]]),
)
TABLES = st.lists(ROW, max_size=3, unique_by=lambda row: row["_key"])


@pytest.mark.long
@settings(
    max_examples=10,
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(tables=st.lists(TABLES, min_size=1, max_size=3))
def test_it_is_what_comparing_gives(
    tables: list[list[Any]], tmp_path_factory: pytest.TempPathFactory, profiles: Sync
) -> None:
    """A delivery of each table, some of them the one of before, and each compared in both ways."""
    customers = Sync(tmp_path_factory.mktemp("law"), PROFILES, profiles.sandbox)
    for rows in tables:
        request = customers.request(rows, at=NOW)
        for _ in range(2):
            customers.send(request)
            known, whole = compared(customers, request), in_full(customers, request)
            assert (known[0].fates, known[1]) == (whole[0].fates, whole[1])
