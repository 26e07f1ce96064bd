import itertools
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from ct_assets.clevertap.contract import MAX_RECORDS, Limits
from ct_assets.components.assets import sync_assets
from ct_assets.delivery import DeliveryFailed, DeliveryResult, deliver
from ct_assets.delivery.sender.sender import UNDER_WAY
from ct_assets.io_managers import clevertap_io_manager, upload_delivery
from ct_assets.io_managers.metadata.delivery_metadata import ProgressLog
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.staging import Staging
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit
from ct_assets_tests.components.sync_kit import CSV, LENIENT, load, metadata

pytestmark = pytest.mark.sampled(5)


@pytest.fixture(autouse=True)
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    (tmp_path / "customer.csv").write_text(CSV)
    return tmp_path


def staged(root: Path, stage: str) -> pl.DataFrame:
    return Staging(root / "data" / "staging").current(("customers", stage)).scan().collect()


def test_the_whole_chain_reaches_clevertap(account: Path, clevertap_sandbox: SandboxInTest) -> None:
    result = kit.run(load(account))

    assert result.success, kit.failure(result)
    assert [p.identity for p in clevertap_sandbox.profiles()] == ["1", "2"]
    assert staged(account, "rejected").select("id", "name", "mail").rows() == [
        ("3", "Evelyn", "evelyn at example.org")
    ]
    assert staged(account, "rejected")["reasons"].to_list()[0][0]["field"] == "Email"
    assert staged(account, "clevertap").filter(outcome="acked").height == 2
    assert staged(account, "undelivered").height == 0


def test_the_same_class_works_from_python(account: Path, clevertap_sandbox: SandboxInTest) -> None:
    code = """
        import dagster as dg
        from ct_assets.components import ClevertapSync

        @dg.component_instance
        def customers(context: dg.ComponentLoadContext) -> ClevertapSync:
            return ClevertapSync(
                name="customers",
                object="profile",
                source="shop/customer",
                identify_by=[{"identity": "id"}],
                fields={"Name": "name", "Email": "mail"},
                max_rejected=0.5,
            )
    """

    result = kit.run(kit.load(account, {"shop/defs.yaml": kit.SOURCE, "people/syncs.py": code}))

    assert result.success, kit.failure(result)
    assert [p.identity for p in clevertap_sandbox.profiles()] == ["1", "2"]


def test_a_second_run_sends_nothing(account: Path, clevertap_sandbox: SandboxInTest) -> None:
    defs = load(account)
    kit.run(defs)
    before = len(clevertap_sandbox.requests())

    assert kit.run(defs).success

    assert len(clevertap_sandbox.requests()) == before


def test_a_signal_ends_the_run_in_good_order_and_the_next_goes_on(
    account: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{n},Ada,a{n}@example.org\n" for n in range(1, 40_001))
    (account / "customer.csv").write_text(f"id,name,mail\n{rows}")
    defs = load(account)
    signals = [signal.SIGTERM]

    def said(*_: object) -> None:
        if signals:
            signal.raise_signal(signals.pop())

    with monkeypatch.context() as patched:
        patched.setattr(ProgressLog, "__call__", said)
        assert "DagsterExecutionInterruptedError" in kit.failure(kit.run(defs))

    delivery = Staging(account / "data" / "staging").meta(("customers", "clevertap")).delivery
    assert delivery
    counts = delivery.counts
    assert 0 < counts.acked <= UNDER_WAY * MAX_RECORDS
    assert (counts.unsent, counts.unknown) == (40_000 - counts.acked, 0)
    assert (
        f"stopped on request; what is left unsent goes with the next run: {counts.acked:,} acked"
        in capfd.readouterr().err
    )
    assert kit.run(defs).success
    assert staged(account, "clevertap").height == counts.unsent


def test_a_guard_that_stops_a_run_fails_its_check_until_it_is_passed(account: Path) -> None:
    defs, instance = (
        load(account, LENIENT + "  on_removed: clear\n"),
        dg.DagsterInstance.ephemeral(),
    )
    check = dg.AssetCheckKey(dg.AssetKey(["customers", "clevertap"]), "guards")

    def verdict() -> tuple[bool, object]:
        record = instance.get_latest_asset_check_evaluation_record(check)
        event = record.event.dagster_event if record and record.event else None
        assert event
        found = event.asset_check_evaluation_data
        return found.passed, found.metadata.get("why") and found.metadata["why"].value

    assert kit.run(defs, instance=instance).success
    assert verdict() == (True, None)

    (account / "customer.csv").write_text("id,name,mail\n")
    assert not kit.run(defs, instance=instance).success
    passed, why = verdict()
    assert not passed
    assert str(why).startswith("customers: the source is empty")

    (account / "customer.csv").write_text(CSV)
    assert kit.run(defs, instance=instance).success
    assert verdict() == (True, None)


def test_a_closed_gate_stops_the_upload_in_the_run_and_alone(
    account: Path, clevertap_sandbox: SandboxInTest
) -> None:
    defs = load(account, kit.CUSTOMERS)

    whole, alone = kit.run(defs), kit.run(defs, "customers/clevertap")

    assert not whole.success
    failed = [c.check_name for c in whole.get_asset_check_evaluations() if not c.passed]
    assert failed == ["rejected_share"]
    assert not alone.success
    assert (
        "customers is not sent: 1 of 3 rows are rejected (33.3%), more than max_rejected (10.0%). "
        "Look at customers/rejected for reasons."
    ) in kit.failure(alone)
    assert clevertap_sandbox.requests() == []


def test_the_upload_alone_needs_staged_rows(account: Path) -> None:
    result = kit.run(load(account), "customers/clevertap")

    assert "customers/valid: nothing is staged yet; materialize it first" in kit.failure(result)


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(identity_bytes=1))], indirect=True
)
def test_refused_records_are_undelivered_and_explained(account: Path) -> None:
    """An account that takes less than the declaration reckons with."""
    (account / "customer.csv").write_text(CSV.replace("2,Bob", "22,Bob"))

    result = kit.run(load(account))

    assert result.success, kit.failure(result)
    (row,) = staged(account, "undelivered").to_dicts()
    assert (row["key"], row["outcome"]) == ("22", "refused")
    assert row["hint"]
    checks = {c.check_name: c.passed for c in result.get_asset_check_evaluations()}
    assert checks["refused_share"] is False
    table = metadata(result, "customers/clevertap")["refusals"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [(r.data["code"], r.data["rows"]) for r in table.records] == [("523", 1)]


def test_a_denied_account_fails_the_run_and_marks_nothing_sent(
    account: Path, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    defs = load(account)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "wrong-passcode")

    denied = kit.run(defs)

    assert not denied.success
    assert "credentials or region refused by" in kit.failure(denied)
    assert "wrong-passcode" not in "".join(map(str, denied.all_events))
    monkeypatch.setenv("CLEVERTAP_PASSCODE", clevertap_sandbox.passcode)
    assert kit.run(defs).success
    assert len(clevertap_sandbox.profiles()) == 2


@pytest.mark.parametrize("passing", [True, False])
def test_a_step_is_repeated_when_what_stopped_it_may_be_over(
    account: Path, monkeypatch: pytest.MonkeyPatch, *, passing: bool
) -> None:
    monkeypatch.setattr(clevertap_io_manager, "OUTER_NET", (0, 0))
    calls = itertools.count()

    def fails_once(*given: Any, **more: Any) -> DeliveryResult:
        outcome = deliver(*given, **more)
        if next(calls) == 0:
            stopped = replace(outcome, stopped="no answer", passing=passing)
            raise DeliveryFailed("no answer", stopped)
        return outcome

    monkeypatch.setattr(upload_delivery, "deliver", fails_once)

    result = kit.run(load(account))

    assert result.success is passing
    retried = [event for event in result.all_events if event.is_step_up_for_retry]
    assert len(retried) == (1 if passing else 0)


def test_waiting_for_others_is_not_counted_as_repeating(
    account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clevertap_io_manager, "OUTER_NET", (0, 0))
    others = iter([1, 1, 1])

    def waits_thrice(*_: object) -> None:
        if next(others, None):
            raise dg.RetryRequested(max_retries=9, seconds_to_wait=0)

    def fails(*given: Any, **more: Any) -> DeliveryResult:
        outcome = deliver(*given, **more)
        raise DeliveryFailed("no answer", replace(outcome, stopped="no answer", passing=True))

    monkeypatch.setattr(sync_assets, "wait_for_others", waits_thrice)
    monkeypatch.setattr(upload_delivery, "deliver", fails)

    result = kit.run(load(account))

    assert not result.success
    retried = [event for event in result.all_events if event.is_step_up_for_retry]
    assert len(retried) == 3 + 2


def test_selecting_valid_refreshes_rejected_too(account: Path) -> None:
    result = kit.run(load(account), "shop/customer", "customers/valid")

    assert result.success, kit.failure(result)
    assert staged(account, "rejected").height == 1
    assert metadata(result, "customers/rejected")["dagster/row_count"].value == 1


def test_a_missing_column_fails_this_sync_alone(account: Path) -> None:
    other = LENIENT.replace("name: customers", "name: others").replace("mail", "mial")

    result = kit.run(load(account, **{"others/defs.yaml": other}))

    assert not result.success
    assert "no column 'mial'" in kit.failure(result)
    assert "did you mean 'mail'" in kit.failure(result)
    assert result.output_for_node("customers__undelivered", "undelivered") is not None
