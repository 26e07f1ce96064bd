"""Laws of many records, counted at a server of the test's own: bytes, and when the sending ends.

`make bench` has the same with a million.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery import DeliveryFailed
from ct_assets_tests.delivery.kit import PROFILES
from ct_assets_tests.delivery.many_profiles import many_profiles, records, refused, taken
from ct_assets_tests.delivery.segment_kit import ListServer, SegmentSync, list_server

MILLION = pytest.param(1_000_000, marks=pytest.mark.bench)


@pytest.fixture
def server() -> Iterator[ListServer]:
    with list_server() as opened:
        yield opened


@pytest.fixture
def people(tmp_path: Path, server: ListServer) -> Iterator[SegmentSync]:
    sync = SegmentSync(tmp_path, server, PROFILES)
    with Client(sync.destination) as sync.client:
        yield sync


@pytest.mark.parametrize("rows", [10_000, MILLION])
def test_one_changed_field_of_14_takes_a_quarter_of_the_bytes(
    people: SegmentSync, server: ListServer, rows: int
) -> None:
    people.policy = replace(PROFILES, sends_changed_fields=True)
    server.script = taken
    sent = []
    for visits in (1, 2):
        server.heard.clear()
        valid = many_profiles(people.folder / f"{visits}.parquet", rows, visits=visits)
        result = people.send(replace(people.request([]), valid=valid, keys=None))
        assert result.counts.acked == sum(map(records, server.heard)) == rows
        sent.append(sum(len(heard.body) for heard in server.heard))
    assert server.heard[0].body.startswith(b'{"d":[{"type":"profile","identity":"c')
    assert server.heard[0].body.count(b'"profileData":{"Visits":2}}') == 1000
    whole, narrowed = sent
    assert narrowed <= 0.25 * whole


@pytest.mark.parametrize("rows", [40_000, MILLION])
def test_a_delivery_that_is_refused_whole_ends_soon(
    people: SegmentSync, server: ListServer, rows: int
) -> None:
    server.script = refused
    valid = many_profiles(people.folder / "valid.parquet", rows, visits=1)
    with pytest.raises(DeliveryFailed, match="with code 515 for Email") as failed:
        people.send(replace(people.request([]), valid=valid, keys=None))

    left = sum(map(records, server.heard))
    assert 2_000 <= left <= 5_000 + 15_000
    assert failed.value.result
    counts = failed.value.result.counts
    assert (counts.refused, counts.unsent) == (left, rows - left)
