"""Delivery beside plain uploaders: the same CSV, the same server over TLS.

What these do (read, map, encode, post, count what was acknowledged) is measured twice of ours: from
the outbox to the ledger, which leaves reading and mapping out and writes down every request; and
the whole product, which also judges every value, compares with the state and folds into it.
"""

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery import DeliveryRequest, Policy, outbox
from ct_assets.delivery.ledger.delivery_ledger import DeliveryLedger
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.planned_delivery import plan_delivery
from ct_assets.delivery.sender.limits.account_slots import upload_slots
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets.delivery.sender.sender import send
from ct_assets.delivery.state.sync_files import OUTBOX
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.sources import file_snapshot
from ct_assets.staging import Staging
from ct_assets_tests.benchmarks import chain, peers
from ct_assets_tests.benchmarks.generate import profiles
from ct_assets_tests.benchmarks.measure import (
    MILLION,
    RUNS,
    Measured,
    measured,
    median,
    median_of,
    record,
)
from ct_assets_tests.benchmarks.test_bench_split import split_rows
from ct_assets_tests.clevertap.account import destination_from_env

PEERS: dict[str, tuple[Callable[[Path, str, int], None], int]] = {
    "csv + json + requests": (peers.csv_json_requests, 5),
    "polars + orjson + httpx": (peers.polars_orjson_httpx, 2),
}
"""Each with how many times its speed, and its CPU, has to be beaten on a server at no distance."""


def prepared(folder: Path, table: Path) -> Path:
    """The state of a sync of `table` whose records are about to leave."""
    file_snapshot.snapshot([table], folder / "staged.parquet", types={})
    split_rows(folder / "staged.parquet", folder / "staging")
    valid = Staging(folder / "staging").current(("customers", "valid")).path
    home = folder / "state" / "bench" / "customers"
    policy = Policy(sync="customers", object="profile", declaration="d")
    request = DeliveryRequest(home=home, valid=valid, policy=policy, run="bench")
    with SyncState.open(home, policy) as state:
        plan_delivery(request, state)
    return home


def from_outbox_to_ledger(home: Path) -> SendStats:
    destination = destination_from_env()
    assert destination is not None
    with Client(destination) as client, LedgerFile(home, durable=False) as ledger:
        return send(
            outbox.batches(home / OUTBOX),
            client,
            DeliveryLedger(ledger, ledger.begin("bench", datetime.now(UTC))),
            slots=upload_slots(destination),
            rng=Random(1),
            stop=threading.Event(),
        )


def whole_product(folder: Path, table: Path) -> Measured:
    folder.mkdir()
    found = measured(chain.materialize, folder, table)
    shutil.rmtree(folder)
    return found


@pytest.mark.bench
@pytest.mark.parametrize(("milliseconds", "together"), [(0, (3, 15)), (100, (15,))])
def test_rows_a_second(tmp_path: Path, milliseconds: int, together: tuple[int, ...]) -> None:
    table = profiles(tmp_path / "customer.csv", MILLION)
    home = measured(prepared, tmp_path, table).result
    at = f"{milliseconds} ms"
    with chain.account(tmp_path, latency=milliseconds / 1000) as server:
        sending = median_of(RUNS, from_outbox_to_ledger, home)
        whole = median([whole_product(tmp_path / "whole", table) for _ in range(RUNS)])
        found = {
            (peer, connections): median_of(RUNS, work, table, server.url, connections)
            for peer, (work, _) in PEERS.items()
            for connections in together
        }
    best = min(found.values(), key=lambda m: m.wall)
    for name, ours in (("outbox to ledger", sending), ("CSV to state", whole)):
        ratio, reference = best.wall / ours.wall, "the speed of the fastest plain uploader"
        record(f"{name}, {at}", MILLION, ours, ratio=ratio, reference=reference)
    for (peer, connections), theirs in found.items():
        record(
            f"{peer}, {connections} connections, {at}",
            MILLION,
            theirs,
            ratio=theirs.wall / sending.wall,
            reference="the time of outbox to ledger",
            cpu_ratio=theirs.cpu / sending.cpu,
            whole_ratio=theirs.wall / whole.wall,
            whole_cpu_ratio=theirs.cpu / whole.cpu,
        )
    if milliseconds == 0:
        for (peer, _), theirs in found.items():
            assert theirs.wall >= PEERS[peer][1] * sending.wall
            assert theirs.cpu >= PEERS[peer][1] * sending.cpu


@pytest.mark.parametrize("peer", PEERS)
def test_a_sample(tmp_path: Path, peer: str) -> None:
    table = profiles(tmp_path / "customer.csv", 2_500)
    with chain.account(tmp_path) as server:
        PEERS[peer][0](table, server.url, 3)
        theirs = server.tally()
        sent = from_outbox_to_ledger(prepared(tmp_path, table))

        assert (theirs.requests, theirs.records) == (3, 2_500)
        assert (sent.acked, server.tally().records) == (2_500, 2_500)
