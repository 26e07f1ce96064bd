"""Segments end to end against a small CleverTap of the test's own: bytes, counts, guards, kills."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from ct_assets.delivery import DeliveryFailed, plan
from ct_assets.errors import UserError
from ct_assets.sql import literal
from ct_assets_tests.delivery.kit import Sync, profile
from ct_assets_tests.delivery.segment_kit import (
    BUYERS,
    SEGMENT,
    ListServer,
    SegmentSync,
    member,
    members,
    once,
)
from ct_assets_tests.mapping.splitting import SEGMENT as SPLIT
from ct_assets_tests.mapping.splitting import run

ROOT = Path(__file__).parents[2]


def test_the_bytes_of_every_request(buyers: SegmentSync, server: ListServer) -> None:
    result = buyers.run([member("c-1"), member("__x9", "objectId"), member("7")])

    assert [(h.method, h.path) for h in server.heard] == [
        ("POST", "/get_custom_list_segment_url"),
        ("PUT", "/bucket/1%2Flist?X-Amz-Credential=a%2Fb&X-Amz-Signature=00"),
        ("POST", "/upload_custom_list_segment_completed"),
    ]
    url, put, commit = server.heard
    assert url.body == b""
    assert put.body == b"Type,Identity\ni,c-1\ng,__x9\ni,7\n"
    host = server.url.removeprefix("http://")
    size = str(len(put.body))
    assert put.headers == {"Host": host, "User-Agent": "ct-assets", "Content-Length": size}
    assert commit.body == (
        b'{"name":"Jazz buyers","email":"admin@example.com","filename":"Jazz buyers.csv",'
        b'"creator":"ct_assets","url":"' + server.url.encode() + b"/bucket/1%2Flist?X-Amz-"
        b'Credential=a%2Fb&X-Amz-Signature=00","replace":true}'
    )
    for asked in (url, commit):
        assert asked.headers["X-CleverTap-Account-Id"] == "ACC"
        assert asked.headers["X-CleverTap-Passcode"] == "secret"
    assert (result.counts.planned, result.counts.acked, result.requests) == (3, 3, 3)
    assert (result.bytes, result.counts.violations()) == (len(put.body), [])


def test_who_bought_jazz_at_chinook(buyers: SegmentSync, server: ListServer) -> None:
    """From the example's query to the bytes of the list."""
    query = (ROOT / "ct_assets" / "defs" / "chinook" / "jazz_buyer.sql").read_text()
    with duckdb.connect() as warehouse:
        for table in ("invoice", "invoiceline", "track", "genre"):
            file = literal(str(ROOT / "data" / "chinook" / f"{table}.csv"))
            warehouse.execute(f"create view {table} as from read_csv({file})")
        rows = warehouse.sql(query).pl()
    outcome = run({**SPLIT, "identify_by": [{"identity": "CustomerId"}]}, rows)
    path = buyers.request([]).valid
    outcome.valid.write_parquet(path)
    buyers.send(replace(buyers.request([]), valid=path))

    assert server.lists["Jazz buyers"] == (
        b"Type,Identity\ni,3\ni,16\ni,18\ni,30\ni,31\ni,35\ni,39\ni,53\ni,54\ni,56\ni,58\n"
    )


def test_a_list_goes_again_only_when_its_members_change(
    buyers: SegmentSync, server: ListServer
) -> None:
    buyers.run(members("a", "b", "c"))
    server.heard.clear()
    same = buyers.run(members("c", "a", "b"))
    assert (server.heard, same.counts.unchanged, same.counts.planned) == ([], 3, 0)

    changed = buyers.run(members("a", "b", "d"))
    assert server.listed == ["a", "b", "d"]
    counts = changed.counts
    assert (counts.new, counts.changed, counts.acked, counts.removed) == (1, 2, 3, 1)
    assert counts.removals.acked == 1
    assert changed.notes == ("the list goes whole, with 3 members: 1 join it, 1 leave it",)
    buyers.run(members("a", "b"))
    assert server.listed == ["a", "b"]
    assert buyers.run(members("a", "b"), full=True).counts.acked == 2


def test_another_name_is_another_list(buyers: SegmentSync, server: ListServer) -> None:
    buyers.run(members("a"))
    buyers.policy = replace(SEGMENT, custom_list=replace(BUYERS, name="Blues buyers"))
    buyers.run(members("a"))

    assert server.lists == {
        "Jazz buyers": b"Type,Identity\ni,a\n",
        "Blues buyers": b"Type,Identity\ni,a\n",
    }


def test_many_members_are_streamed(buyers: SegmentSync, server: ListServer) -> None:
    names = [f"c{number:06}" for number in range(250_000)]
    rows = pl.DataFrame({"_key": names})
    path = buyers.request([]).valid
    given = rows.with_columns(
        _kind=pl.lit("identity"), _identity="_key", _also=pl.lit(None, pl.List(pl.String)),
        _ts=pl.lit(None, pl.Int64), _record=pl.lit("i,") + pl.col("_key"),
        _clear=pl.lit(None, pl.List(pl.String)), _warnings=pl.lit(None),
    )  # fmt: skip
    given.write_parquet(path)
    result = buyers.send(replace(buyers.request([]), valid=path))

    assert result.counts.acked == 250_000
    assert server.lists["Jazz buyers"] == b"".join(
        [b"Type,Identity\n", *(f"i,{name}\n".encode() for name in names)]
    )


@pytest.mark.parametrize(
    ("now", "guard", "reason"),
    [
        ([], "empty_list", "the list 'Jazz buyers' would be empty, and had 40 members"),
        (range(15), "max_shrink", "would have 15 members, and had 40"),
    ],
)
def test_guards(buyers: SegmentSync, server: ListServer, now: Any, guard: str, reason: str) -> None:
    buyers.run(members(*(f"m{number}" for number in range(40))))
    fewer = members(*(f"m{number}" for number in now))
    server.heard.clear()

    with pytest.raises(DeliveryFailed, match=reason) as failed:
        buyers.run(fewer)
    assert f"--allow {guard}" in str(failed.value)
    assert server.heard == []
    result = buyers.run(fewer, allow=frozenset({guard}))
    assert server.listed == sorted(row["_key"] for row in fewer)
    assert (result.counts.acked, result.counts.removals.acked) == (len(fewer), 40 - len(fewer))
    assert buyers.run(fewer).counts.planned == 0


def test_an_empty_list_at_first_is_no_list(buyers: SegmentSync, server: ListServer) -> None:
    assert buyers.run([]).counts.planned == 0
    assert server.heard == []


def test_members_may_change_places_without_a_guard(buyers: SegmentSync, server: ListServer) -> None:
    buyers.run(members(*(f"a{number}" for number in range(20))))
    buyers.run(members(*(f"b{number}" for number in range(20))))
    assert len(server.listed) == 20


def test_no_part_of_a_list_goes(buyers: SegmentSync, server: ListServer) -> None:
    with pytest.raises(UserError, match="a segment goes as a whole list: leave `limit` out"):
        buyers.run(members("a", "b"), limit=1)
    assert server.heard == []


def test_a_list_of_more_than_clevertap_takes(
    buyers: SegmentSync, server: ListServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ct_assets.delivery.diff.membership.MAX_LIST_BYTES", 20)
    with pytest.raises(UserError, match=r"its list has 0\.0 GB, and CleverTap takes 0"):
        buyers.run(members("a", "b"))
    assert server.heard == []


def test_a_plan_shows_how_the_list_changes(buyers: SegmentSync, server: ListServer) -> None:
    buyers.run(members("a", "b", "c"))
    before = len(server.heard)
    planned = plan(buyers.request(members("b", "c", "d")))

    assert (planned.new, planned.changed, planned.removals, planned.requests) == (1, 2, 1, 3)
    assert planned.notes == ("the list goes whole, with 3 members: 1 join it, 1 leave it",)
    assert len(server.heard) == before
    assert plan(buyers.request(members("a", "b", "c"))).requests == 0


def test_people_whom_clevertap_never_acknowledged_are_held_back(
    buyers: SegmentSync, server: ListServer, profiles: Sync
) -> None:
    profiles.run([profile("a"), profile("b", also=["objectId:__b"])])
    rows = [member("a"), member("__b", "objectId"), member("stranger")]
    held = buyers.run(rows, people=profiles.home)

    assert server.listed == ["__b", "a"]
    assert (held.counts.held, held.counts.acked) == ({"unacknowledged": 1}, 2)
    assert held.counts.violations() == []
    report = pl.read_parquet(held.report).filter(outcome="held")
    assert report.select("key", "code").rows() == [("stranger", "unacknowledged")]
    assert "the next run of the segment has it" in report["hint"][0]

    profiles.run([profile("a"), profile("b", also=["objectId:__b"]), profile("stranger")])
    buyers.run(rows, people=profiles.home)
    assert server.listed == ["__b", "a", "stranger"]


def test_nobody_is_known_before_the_profiles_went(buyers: SegmentSync, server: ListServer) -> None:
    result = buyers.run(members("a"), people=buyers.home.parent / "customers")
    assert (result.counts.held, server.heard) == ({"unacknowledged": 1}, [])


# Faults and kills ---------------------------------------------------------------------------------


def test_a_list_that_may_not_be_replaced(buyers: SegmentSync, server: ListServer) -> None:
    buyers.policy = replace(SEGMENT, custom_list=replace(BUYERS, replace=False))
    buyers.run(members("a"))
    assert json.loads(server.heard[-1].body)["replace"] is False
    with pytest.raises(DeliveryFailed, match="write `replace: true`, or another name"):
        buyers.run(members("a", "b"))
    assert server.listed == ["a"]


def test_no_member_and_no_secret_is_told(buyers: SegmentSync, server: ListServer) -> None:
    server.script = once("commit", (400, {"error": "wrong", "code": 400}))
    with pytest.raises(DeliveryFailed) as failed:
        buyers.run(members("somebody@example.com"))
    told = str(failed.value)
    assert "somebody" not in told
    assert "X-Amz" not in told
    assert "secret" not in told
