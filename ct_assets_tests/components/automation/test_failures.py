"""What fails is tried again for the next change, and sends nothing of bad rows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit
from ct_assets_tests.components.automation.automation_kit import (
    CHAIN,
    CSV,
    ELSEWHERE,
    FOLLOWS,
    evaluate,
    load,
    materialized,
    requested,
)

pytestmark = [pytest.mark.sampled(4), pytest.mark.usefixtures("customer_file")]

CHECKED = """
import dagster as dg
import polars as pl

CHECK = dg.AssetCheckSpec("complete", asset=["shop", "customer"], blocking=True)

@dg.asset(key=["shop", "customer"], check_specs=[CHECK], io_manager_key="ct_staging")
def customer():
    yield dg.Output(pl.DataFrame({{"id": ["1"], "name": ["Ada"], "mail": ["{mail}"]}}))
    yield dg.AssetCheckResult(passed={passed})
"""


def test_a_source_that_failed_is_read_again(tmp_path: Path) -> None:
    defs = load(tmp_path, kit.CUSTOMERS, **{"shop/defs.yaml": ELSEWHERE})
    instance = dg.DagsterInstance.ephemeral()
    materialized(instance, "elsewhere/customer", "shop/customer")
    first = evaluate(defs, instance)
    instance.report_run_failed(kit.begun(defs, instance, "shop/customer"))

    again = evaluate(defs, instance, first, at=datetime.now(UTC) + timedelta(minutes=11))

    assert requested(again, defs) == {"shop/customer"}


@pytest.mark.parametrize("broken", ["the source's check fails", "too many rows are rejected"])
def test_what_automation_asks_for_sends_nothing_of_bad_rows(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clevertap_sandbox: SandboxInTest,
    broken: str,
) -> None:
    send_to(clevertap_sandbox, monkeypatch)
    fails = broken == "the source's check fails"
    source = CHECKED.format(mail="ada@example.org" if fails else "ada", passed=not fails)
    files = {"shop/assets.py": source, "customers/defs.yaml": FOLLOWS}
    defs, instance = kit.load(tmp_path, files), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer", *sorted(CHAIN))
    first = evaluate(defs, instance)
    made = kit.run(defs, "shop/customer", instance=instance)

    asked = requested(evaluate(defs, instance, first), defs)
    result = kit.run(defs, *sorted(asked), instance=instance)

    assert made.success is not fails
    assert asked == CHAIN
    assert not result.success
    assert clevertap_sandbox.requests() == []


def test_what_fails_for_its_rows_fails_once_for_each_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> None:
    send_to(clevertap_sandbox, monkeypatch)
    (tmp_path / "customer.csv").write_text(CSV.replace("ada@", "ada at "))
    defs, instance = load(tmp_path, FOLLOWS), dg.DagsterInstance.ephemeral()
    materialized(instance, "shop/customer", *sorted(CHAIN))
    seen = evaluate(defs, instance)
    kit.run(defs, "shop/customer", instance=instance)
    asked = []

    for minutes in (0, 1, 11, 22):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        seen = evaluate(defs, instance, seen, at)
        asked.append(requested(seen, defs))
        if asked[-1]:
            assert not kit.run(defs, *sorted(asked[-1]), instance=instance).success

    assert asked == [CHAIN, set(), set(), set()]


MODELS = """
import dagster as dg

elsewhere = dg.AssetSpec("elsewhere")

@dg.asset(deps=["elsewhere"])
def raw() -> None: ...

@dg.asset(deps=["raw"])
def model() -> None: ...
"""


@pytest.mark.parametrize(
    ("setting", "made"),
    [
        ("", set()),
        ("  upstream: none\n", set()),
        ("  upstream: direct\n", {"model"}),
        ("  upstream: all\n", {"model", "raw"}),
    ],
)
def test_a_job_makes_what_its_source_is_made_of_as_far_as_one_asks(
    tmp_path: Path, setting: str, made: set[str]
) -> None:
    source = kit.SOURCE + "  upstream: [model]\n"
    files = {"shop/defs.yaml": source, "customers/defs.yaml": kit.CUSTOMERS + setting}
    defs = kit.load(tmp_path, {**files, "models.py": MODELS})

    keys = defs.resolve_job_def("customers_sync").asset_layer.executable_asset_keys

    assert {key.to_user_string() for key in keys} == {"shop/customer", *CHAIN, *made}


def test_what_fails_before_the_source_holds_the_sync_back(tmp_path: Path) -> None:
    source = kit.SOURCE + "  upstream: [model]\n"
    failing = MODELS.replace("def raw() -> None: ...", "def raw() -> None: raise ValueError")
    files = {"shop/defs.yaml": source, "customers/defs.yaml": kit.CUSTOMERS + "  upstream: all\n"}
    job = kit.load(tmp_path, {**files, "models.py": failing}).resolve_job_def("customers_sync")

    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)

    assert not result.success
    assert not result.get_asset_materialization_events()
