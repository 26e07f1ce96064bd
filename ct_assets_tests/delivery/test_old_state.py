"""State and staged files of version 0.1 are read on: nothing acknowledged leaves again."""

from dataclasses import replace
from pathlib import Path

import dagster as dg
import orjson
import polars as pl
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination
from ct_assets.components.runs.sync_runs import job_name
from ct_assets.delivery import DeliveryRequest, DeliveryResult, deliver, plan
from ct_assets.delivery.operations import parked_records
from ct_assets.delivery.recovery.rebuild import rebuilt
from ct_assets.delivery.settlement.settle import undeclared
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.staging import Staging
from ct_assets_tests.clevertap.account import destination_from_env, send_to
from ct_assets_tests.components import kit
from ct_assets_tests.delivery.kit import EVENTS, PROFILES, arrived, digests
from ct_assets_tests.delivery.old_state import unpack

TAKEN = [
    "n61", "n62", "n63", "n64", "n65", "n66", "n68", "n69", "n70", "n71",
    "n72", "n73", "n74", "n75", "n77", "n78", "n79", "n80", "n81", "n82",
]  # fmt: skip
IN_DOUBT = ["n83", "n84", "n86", "n87", "n88", "n89", "n90", "n91", "n92", "n93"]
UNSENT = [
    "n95", "n96", "n97", "n98", "n99", "n100", "n101", "n102", "n104", "n105", "n106", "n107",
    "n108", "n109", "n110", "n111", "n113", "n114", "n115", "n116", "n117", "n118", "n119", "n120",
]  # fmt: skip
PARKED_BEFORE = ["n11", "n12", "n14", "n15", "n16", "n17", "n18", "n19", "n20"]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest) -> Destination:
    send_to(clevertap_sandbox, monkeypatch)
    destination = destination_from_env()
    assert destination
    return destination


class OldProject:
    def __init__(self, root: Path, account: Destination) -> None:
        self.root, self.account = root, account
        self.defs = unpack(root, account.name)
        self.staging = Staging(root / "data" / "staging")

    def home(self, sync: str) -> Path:
        return self.root / "data" / "state" / self.account.name / sync

    def request(self, sync: str) -> DeliveryRequest:
        """What the killed delivery was asked to do."""
        valid = self.staging.current((sync, "valid"))
        assert valid.meta.split
        policy = {
            "customers": replace(PROFILES, on_removed="clear"),
            "purchases": replace(EVENTS, event_key="number", on_unknown="park"),
        }[sync]
        return DeliveryRequest(
            home=self.home(sync),
            valid=valid.path,
            keys=valid.beside("keys.parquet"),
            policy=replace(policy, sync=sync, declaration=valid.meta.split.declaration),
            run="today",
        )

    def deliver(self, sync: str) -> DeliveryResult:
        with Client(self.account) as client:
            return deliver(self.request(sync), client)


@pytest.fixture
def old(tmp_path: Path, account: Destination) -> OldProject:
    return OldProject(tmp_path, account)


def test_events_that_were_taken_stay(old: OldProject, clevertap_sandbox: SandboxInTest) -> None:
    result = old.deliver("purchases")

    assert [r["evtData"]["Amount"] for r in arrived(clevertap_sandbox)] == [
        float(key.removeprefix("n")) for key in UNSENT
    ]
    settled, counts = result.settled, result.counts
    assert settled
    assert (settled.planned, settled.acked, settled.unknown, settled.unsent) == (54, 20, 10, 24)
    assert (counts.valid, counts.unchanged, counts.acked) == (120, 63, 24)
    assert counts.held == {"forgotten": 13, "parked": 19, "refused": 1}
    parked = parked_records.listing(old.home("purchases"), old.request("purchases").policy)
    assert parked["key"].to_list() == [*PARKED_BEFORE, *IN_DOUBT]
    assert not (old.home("purchases") / "outbox.parquet").exists()


def test_profiles_that_were_taken_stay(old: OldProject, clevertap_sandbox: SandboxInTest) -> None:
    result = old.deliver("customers")

    assert clevertap_sandbox.requests() == []
    assert result.settled
    assert (result.settled.planned, result.settled.acked) == (2, 2)
    assert (result.counts.unchanged, result.counts.removed) == (8, 0)
    assert result.counts.held == {"forgotten": 1, "refused": 2}


def test_a_plan_reads_it_and_leaves_it(old: OldProject) -> None:
    before = digests(old.root / "data" / "state")

    purchases, customers = plan(old.request("purchases")), plan(old.request("customers"))

    assert (purchases.new, purchases.unchanged, purchases.objection) == (24, 63, None)
    assert (customers.new, customers.changed, customers.unchanged) == (0, 0, 8)
    assert digests(old.root / "data" / "state") == before


def test_an_undeclared_sync_is_settled_from_its_outbox_alone(old: OldProject) -> None:
    home = old.home("purchases")

    parked = parked_records.listing(home, undeclared(home))

    assert parked["key"].to_list() == [*PARKED_BEFORE, *IN_DOUBT]


def test_a_lost_state_is_rebuilt_by_its_ledger(
    old: OldProject, clevertap_sandbox: SandboxInTest
) -> None:
    (old.home("purchases") / "state.duckdb").unlink()
    with rebuilt(old.request("purchases")) as new:
        new.put_in_place()

    assert new.evidence[-1] == "outbox.parquet and sends.sqlite, of delivery 2, which was cut short"
    old.deliver("purchases")
    arrived_now = {f"n{r['evtData']['Amount']:.0f}" for r in arrived(clevertap_sandbox)}
    assert arrived_now & {*TAKEN, *IN_DOUBT} == set()
    assert {*UNSENT} <= arrived_now


def test_staged_snapshots_are_read(old: OldProject) -> None:
    rows = {}
    for sync, day in [
        ("customers", None),
        ("purchases", None),
        ("visits", "2026-01-01"),
        ("visits", "2026-01-02"),
    ]:
        for stage in ("valid", "rejected", "clevertap", "undelivered"):
            snapshot = old.staging.current((sync, stage), day)
            rows[sync, stage, day] = snapshot.scan().select(pl.len()).collect().item()
        split = old.staging.current((sync, "valid"), day).meta.split
        assert split
        assert split.counts.valid == rows[sync, "valid", day]
        assert split.counts.rejected == rows[sync, "rejected", day]
        assert split.counts.violations() == []
        assert split.gate.passed

    assert rows["customers", "valid", None] == 11
    assert rows["customers", "rejected", None] == 1
    assert rows["purchases", "valid", None] == 120
    delivery = old.staging.current(("purchases", "clevertap")).meta.delivery
    assert delivery
    assert delivery.counts.unknown == 10
    assert delivery.counts.violations() == []


def test_its_syncs_run_on(
    old: OldProject, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a schedule runs them: from the sources, with the declarations as they were."""
    monkeypatch.setenv("CT_DATA_DIR", str(old.root / "data"))
    defs = kit.load(old.root, old.defs)
    days = ("2026-01-01", "2026-01-02", "2026-01-03")
    runs = [("customers", None), ("purchases", None), *(("visits", day) for day in days)]

    with dg.DagsterInstance.ephemeral() as instance:
        for sync, day in runs:
            job = defs.resolve_job_def(job_name(sync))
            assert job.execute_in_process(instance=instance, partition_key=day).success

    uploads = [orjson.loads(r.body)["d"] for r in clevertap_sandbox.requests()]
    records = [record["evtData"] for upload in uploads for record in upload]
    assert sorted(r["Amount"] for r in records if "Amount" in r) == [
        float(key.removeprefix("n")) for key in UNSENT
    ]
    assert sorted(r["Page"] for r in records if "Page" in r) == ["/11", "/2", "/5", "/8"]
