"""Dagster's event log knows what was delivered when the whole data folder is gone."""

import shutil
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from ct_assets.clevertap.destination import sandbox_destination
from ct_assets.components.runs.sync_runs import job_name
from ct_assets.delivery.sender.limits import account_slots
from ct_assets.delivery.state.witness import Witness
from ct_assets.io_managers import delivery_witness
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import destination_from_env, send_to
from ct_assets_tests.components import kit

PURCHASES = """\
type: ct_assets.components.SourceTable
attributes: {asset: shop/purchase, file: purchase.csv}
---
type: ct_assets.components.ClevertapSync
attributes:
  name: purchases
  object: event
  source: shop/purchase
  event: Bought
  event_key: number
  ts: at
  identify_by: [{identity: person}]
  fields: {Key: number}
"""


def failure(result: dg.ExecuteInProcessResult) -> str:
    return "".join(
        str(event.step_failure_data.error)
        for event in result.filter_events(lambda event: event.is_step_failure)
    )


def test_a_lost_disk_is_noticed(
    tmp_path: Path, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_to(clevertap_sandbox, monkeypatch)
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    rows = "\n".join(f"n{n},p{n},2026-01-01 00:00:0{n}" for n in range(5))
    (tmp_path / "purchase.csv").write_text(f"number,person,at\n{rows}\n")
    job = kit.load(tmp_path, {"purchases/defs.yaml": PURCHASES}).resolve_job_def(
        job_name("purchases")
    )
    destination = destination_from_env()

    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance).success
        (known,) = delivery_witness.latest(instance, "purchases", destination)
        shutil.rmtree(tmp_path / "data")
        shutil.rmtree(account_slots.ROOT)
        again = job.execute_in_process(instance=instance, raise_on_error=False)

    assert known == Witness("Dagster's event log", known.state_id, 1, 5)
    assert known.state_id
    assert not again.success
    assert (
        "purchases: state.duckdb is missing, though Dagster's event log knows of delivery 1. "
        "5 acknowledged events may be sent again, or more. Nothing was sent."
    ) in failure(again)
    assert len(clevertap_sandbox.events()) == 5


def test_word_that_an_earlier_version_left_is_understood() -> None:
    to = sandbox_destination("http://127.0.0.1:1", "one")
    asset, at = dg.AssetKey(["purchases", "clevertap"]), "2026-01-02T03:04:05+00:00"
    told: dict[str, str | int] = {
        "clevertap/state_id": "s",
        "clevertap/delivery": 7,
        "clevertap/began": at,
        "clevertap/keys": 5,
        "clevertap/destination": to.name,
    }

    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(dg.AssetObservation(asset, metadata=told))
        (known,) = delivery_witness.latest(instance, "purchases", to)

    began = datetime.fromisoformat(at)
    assert known == Witness("Dagster's event log", "s", 7, 5, began)
