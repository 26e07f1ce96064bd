"""Settle, diff, outbox and fold without a network: CPU, wall time and memory by rows."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery import DeliveryRequest, Policy
from ct_assets.delivery.planned_delivery import plan_delivery
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets.delivery.settled_delivery import settle_delivery
from ct_assets.delivery.state.sync_files import OUTBOX
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets_tests.benchmarks.generate import events, profiles
from ct_assets_tests.benchmarks.measure import (
    MILLION,
    RUNS,
    Measured,
    copied,
    measured,
    median,
    median_of,
    record,
    timed,
)

PROFILES = Policy(sync="bench", object="profile", declaration="d")
EVENTS = Policy(sync="bench", object="event", declaration="d", event_key="event_id")

_PROFILE = """
select
    customer_id as _key, 'identity' as _kind, customer_id as _identity,
    null::varchar[] as _also, null::bigint as _ts,
    '{"type":"profile","identity":"' || customer_id || '","profileData":{"Name":"' || first_name
        || '","Email":"' || email || '","Phone":"' || phone || '","Country":"' || country
        || coalesce('","City":"' || city, '') || coalesce('","Tier":"' || tier, '')
        || '","Visits":' || visits || ',"Newsletter":' || newsletter
        || coalesce(',"DOB":"$D_' || epoch(birthday)::bigint || '"', '')
        || coalesce(',"Balance":' || balance, '') || ',"Change":"{change}"}}' as _record,
    null::varchar[] as _clear,
    null::struct(field varchar, code varchar, message varchar)[] as _warnings,
    first_name as "Name", email as "Email", phone as "Phone", country as "Country",
    city as "City", tier as "Tier", visits as "Visits", newsletter as "Newsletter",
    epoch(birthday)::bigint as "DOB", balance::double as "Balance", '{change}' as "Change",
    interests as "Interests"
"""
_EVENT = """
select
    event_id as _key, 'identity' as _kind, customer_id as _identity,
    null::varchar[] as _also, epoch(happened_at)::bigint as _ts,
    '{"type":"event","identity":"' || customer_id || '","ts":' || epoch(happened_at)::bigint
        || ',"evtName":"Charged","evtData":{"Amount":' || amount || ',"Currency":"' || currency
        || coalesce('","City":"' || city, '') || '","Items":' || to_json(items) || '}}' as _record,
    null::varchar[] as _clear,
    null::struct(field varchar, code varchar, message varchar)[] as _warnings,
    amount::double as "Amount", currency as "Currency", city as "City"
"""


def valid(folder: Path, rows: int, policy: Policy, change: str = "a") -> Path:
    """A snapshot as the split writes it."""
    make, select = (events, _EVENT) if policy is EVENTS else (profiles, _PROFILE)
    source, target = folder / "source.parquet", folder / f"valid-{change}.parquet"
    if not source.exists():
        make(source, rows)
    with duckdb.connect(config={"memory_limit": "512MB"}) as connection:
        connection.execute(
            f"copy ({select.replace('{change}', change)} from '{source}')"
            f" to '{target}' (format parquet, row_group_size 20000)"
        )
    return target


def run(home: Path, source: Path, policy: Policy, message: str = "") -> dict[str, float]:
    """A delivery without a network; CPU and wall seconds of its two halves.

    Every record is acknowledged or, with a message, refused.
    """
    request = DeliveryRequest(home=home, valid=source, policy=policy, run="bench")
    with SyncState.open(home, policy) as state:
        delivery, *before = timed(lambda: plan_delivery(request, state))
        for batch, rows in _batches(home / OUTBOX):
            state.ledger.record(delivery.number, batch, range(rows), "sent")
            refusals = [Refusal(row, 515, message) for row in range(rows) if message]
            state.ledger.record(delivery.number, batch, range(rows), "acked", refusals=refusals)
        result, *after = timed(lambda: settle_delivery(request, state, delivery, SendStats()))
    return {
        "planned": result.counts.planned,
        "diff CPU": before[0],
        "diff s": before[1],
        "fold CPU": after[0],
        "fold s": after[1],
    }


def _batches(outbox: Path) -> list[tuple[int, int]]:
    return pl.scan_parquet(outbox).group_by("batch").len().sort("batch").collect().rows()


def reported(name: str, found: Measured, copy: Measured, rows: int = MILLION) -> dict[str, float]:
    ratio, reference = found.cpu / copy.cpu, "the CPU of copying the file"
    record(name, rows, found, ratio=ratio, reference=reference, **found.result)
    figures: dict[str, float] = found.result
    return figures


@pytest.mark.bench
@pytest.mark.parametrize("policy", [PROFILES, EVENTS], ids=["profiles", "events"])
def test_a_million_rows(tmp_path: Path, policy: Policy) -> None:
    source = valid(tmp_path, MILLION, policy)
    copy = median_of(RUNS, copied, source, tmp_path / "copy.parquet")
    homes = [tmp_path / f"state/bench{number}/home" for number in range(RUNS)]

    firsts = [measured(run, home, source, policy) for home in homes]
    repeats = [measured(run, home, source, policy) for home in homes]

    first = reported(f"delivery, {policy.object}s, first", median(firsts), copy)
    again = reported(f"delivery, {policy.object}s, no change", median(repeats), copy)
    assert first["planned"] == MILLION
    assert again["planned"] == 0
    assert first["diff CPU"] <= 6
    assert first["fold s"] <= 1.5
    assert again["diff s"] + again["fold s"] <= 6


@pytest.mark.bench
def test_a_million_refusals(tmp_path: Path) -> None:
    source = valid(tmp_path, MILLION, PROFILES)
    copy = measured(copied, source, tmp_path / "copy.parquet")
    message = "Profile data is incorrect. Email is not valid.Skipped record number : 1"

    found = measured(run, tmp_path / "state/bench/home", source, PROFILES, message)

    reported("delivery, profiles, all refused", found, copy)
    assert found.peak_mb <= 700


@pytest.mark.bench
def test_ten_million_events(tmp_path: Path) -> None:
    """They leave in the order of their lanes, so their records are sorted, which must spill."""
    source = valid(tmp_path, 10 * MILLION, EVENTS)
    copy = measured(copied, source, tmp_path / "copy.parquet")

    found = measured(run, tmp_path / "state/bench/home", source, EVENTS)

    reported("delivery, events, 10 M", found, copy, 10 * MILLION)
    assert found.result["planned"] == 10 * MILLION
    assert found.peak_mb <= 700


@pytest.mark.parametrize("policy", [PROFILES, EVENTS], ids=["profiles", "events"])
def test_a_sample(tmp_path: Path, policy: Policy) -> None:
    home, source = tmp_path / "state/bench/home", valid(tmp_path, 2_000, policy)

    assert [run(home, source, policy)["planned"] for _ in range(2)] == [2_000, 0]
