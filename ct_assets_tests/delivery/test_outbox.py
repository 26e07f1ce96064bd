import math
import re
from dataclasses import replace

import polars as pl
import pytest

from ct_assets.delivery import batch_numbers, outbox
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets_tests.delivery.kit import Row, Sync, arrived, event, profile, report


def second(n: int) -> Row:
    if n % 3:
        return profile(str(n), Name="Wu", Tier=None, clear=["Tier"])
    return profile(str(n), Name="Li" if n % 2 else "Wu", Tier="gold")


STEPS: list[list[Row]] = [
    [profile(str(n), Name="Li", Tier="gold") for n in range(2345)],
    [second(n) for n in range(2340)],
    [],
]


def bodies(sync: Sync) -> list[set[bytes]]:
    """What each run sent, batch by batch."""
    runs = []
    for rows in STEPS:
        seen = len(sync.sandbox.requests())
        sync.run(rows, allow=frozenset(["empty_source", "max_removed"]))
        runs.append({request.body for request in sync.sandbox.requests()[seen:]})
    return runs


def test_many_profiles_are_laid_out_like_few(
    profiles: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few are joined and sorted, many are read beside the snapshot: the same bytes leave."""
    profiles.policy_with(on_removed="clear")
    other = Sync(profiles.folder, replace(profiles.policy, sync="other"), profiles.sandbox)
    other.runs = 100

    few = bodies(profiles)
    monkeypatch.setattr(batch_numbers, "MAX_SORTED", 0)
    many = bodies(other)

    assert [len(run) for run in few] == [3, 3, 3]
    assert few == many


@pytest.mark.parametrize("apart", [0, outbox.MAX_SORTED_AT_ONCE], ids=["joined first", "at once"])
def test_a_person_s_events_arrive_in_order_whatever_their_number(
    events: Sync, monkeypatch: pytest.MonkeyPatch, apart: int
) -> None:
    monkeypatch.setattr(outbox, "MAX_SORTED_AT_ONCE", apart)
    rows = [event(f"e{n}", identity=str(n % 40), ts=n) for n in range(4000)]

    events.run(rows)

    by_person: dict[str, list[int]] = {}
    for record in arrived(events.sandbox):
        by_person.setdefault(record["identity"], []).append(record["ts"])
    assert len(by_person) == 40
    assert all(times == sorted(times) for times in by_person.values())


def planned_batches(sync: Sync, request: DeliveryRequest) -> list[tuple[int, int | None, int]]:
    """(number, lane, rows) of the batches that a run of `request` leaves in its outbox."""
    sync.plan_only(request)
    return [(b.number, b.lane, b.rows) for b in outbox.batches(sync.home / "outbox.parquet")]


def test_batches_of_one_lane_hold_at_most_a_thousand(events: Sync) -> None:
    rows = [event(f"e{n}", identity="one", ts=n) for n in range(2500)]

    found = planned_batches(events, events.request(rows))

    lanes = {lane for _, lane, _ in found}
    assert [(number, size) for number, _, size in found] == [(0, 1000), (1, 1000), (2, 500)]
    assert len(lanes) == 1


def test_profiles_fill_their_batches(profiles: Sync) -> None:
    rows = [profile(str(n), Name="Li") for n in range(2500)]

    found = planned_batches(profiles, profiles.request(rows))

    assert found == [(0, None, 1000), (1, None, 1000), (2, None, 500)]


def test_an_outbox_names_its_delivery(events: Sync) -> None:
    events.plan_only(events.request([event("e1")], partition="2026-01"))

    origin = outbox.origin(events.home / "outbox.parquet")
    named = outbox.OutboxOrigin(1, "run-1", "d1", "2026-01", at="2026-01-02T03:04:05+00:00")
    assert replace(origin, state_id=None) == named
    assert re.fullmatch("[0-9a-f]{32}", origin.state_id or "")
    assert pl.read_parquet(events.home / "outbox.parquet")["key"].to_list() == ["e1"]


def test_bytes_of_a_batch_are_bounded(profiles: Sync) -> None:
    rows = [profile(str(n), Bio="x" * 100_000) for n in range(100)]

    found = planned_batches(profiles, profiles.request(rows))

    assert sum(size for _, _, size in found) == 100
    assert max(size for _, _, size in found) == math.ceil(batch_numbers.MAX_BYTES / 100_060)
    assert report(profiles.run(rows))[0] == ("0", "acked", None)
