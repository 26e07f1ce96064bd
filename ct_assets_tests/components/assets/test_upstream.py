from pathlib import Path
from unittest import mock

import dagster as dg
import pytest
from dagster._core.events import StepMaterializationData

from ct_assets.components.assets import upstream
from ct_assets.components.assets.split import split_run
from ct_assets.components.assets.split.split_step import split_into
from ct_assets.components.assets.upstream import is_waited_for
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.staging import Staging
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

pytestmark = pytest.mark.sampled(4)

ORDERS = """
type: ct_assets.components.ClevertapSync
attributes:
  name: orders
  object: event
  source: shop/customer
  event: Ordered
  event_key: id
  identify_by: [{identity: id}]
  fields: {Name: name}
  ts: {value: 1700000000}
  after: [customers]
"""


@pytest.fixture
def defs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> dg.Definitions:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    (tmp_path / "customer.csv").write_text("id,name,mail\n1,Ada,ada@example.org\n")
    return load(tmp_path, ORDERS)


def load(root: Path, orders: str) -> dg.Definitions:
    lenient = kit.CUSTOMERS + "  max_rejected: 0.5\n"
    files = {"shop": kit.SOURCE, "customers": lenient, "orders": orders}
    return kit.load(root, {f"{name}/defs.yaml": text for name, text in files.items()})


def test_profiles_go_before_the_events_that_refer_to_them(
    defs: dg.Definitions, clevertap_sandbox: SandboxInTest
) -> None:
    result = kit.run(defs)

    assert result.success, kit.failure(result)
    first, second = (request.sent[0]["type"] for request in clevertap_sandbox.requests())
    assert (first, second) == ("profile", "event")


def test_events_wait_until_the_profiles_were_sent_once(
    defs: dg.Definitions, clevertap_sandbox: SandboxInTest
) -> None:
    chain = ("shop/customer", "orders/valid", "orders/clevertap")

    result = kit.run(defs, *chain)

    assert not result.success
    told = "orders goes after customers, which was never sent: materialize customers/clevertap"
    assert told in kit.failure(result)
    assert clevertap_sandbox.requests() == []


def test_events_wait_for_profiles_that_another_run_sends(
    defs: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "PATIENCE", 0)
    instance = dg.DagsterInstance.ephemeral()
    assert kit.run(defs, instance=instance).success
    job = defs.resolve_job_def("customers_sync")
    other = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)

    result = kit.run(defs, "orders/clevertap", instance=instance)

    assert "has waited for two hours" in kit.failure(result)
    instance.report_run_canceled(other)
    assert kit.run(defs, "orders/clevertap", instance=instance).success


STAGES = ("valid", "rejected", "clevertap", "undelivered")
EVERYTHING = (
    "shop/customer",
    *(f"{name}/{stage}" for name in ("customers", "orders") for stage in STAGES),
)


def resumed(instance: dg.DagsterInstance, run: str) -> None:
    """As if the run had other steps to do yet."""
    start = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_START.value, "__ASSET_JOB")
    instance.report_dagster_event(start, run)


@pytest.mark.parametrize("passcode", ["its own", "wrong"])
def test_two_runs_that_each_send_both_do_not_wait_for_each_other(
    defs: dg.Definitions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passcode: str
) -> None:
    monkeypatch.setattr(upstream, "PATIENCE", 0)
    instance = dg.DagsterInstance.ephemeral()
    assert kit.run(defs, instance=instance).success
    (tmp_path / "customer.csv").write_text("id,name,mail\n1,Ida,ada@example.org\n")
    with monkeypatch.context() as other_environment:
        if passcode == "wrong":
            other_environment.setenv("CLEVERTAP_PASSCODE", passcode)
        other = kit.run(defs, *EVERYTHING, instance=instance)
    assert other.success is (passcode != "wrong")

    resumed(instance, other.run_id)

    result = kit.run(defs, "orders/clevertap", instance=instance)
    assert result.success, kit.failure(result)


@pytest.mark.usefixtures("defs")
def test_two_event_syncs_may_number_their_events_alike(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    returns = ORDERS.replace("name: orders", "name: returns").replace("Ordered", "Returned")
    both = load(tmp_path, f"{ORDERS}---{returns}")
    assert kit.run(both, "shop/customer", "customers/valid", "customers/clevertap").success

    for job in ("orders_sync", "returns_sync"):
        result = both.resolve_job_def(job).execute_in_process(raise_on_error=False)
        assert result.success, kit.failure(result)

    assert [event.name for event in clevertap_sandbox.events()] == ["Ordered", "Returned"]


@pytest.mark.parametrize(("places", "waits"), [(2, True), (1, False)])
def test_a_run_does_not_wait_for_one_that_waits_for_its_place(
    tmp_path: Path, places: int, *, waits: bool
) -> None:
    queue = {"concurrency": {"runs": {"max_concurrent_runs": places}}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=queue) as instance:
        job = dg.GraphDefinition("orders").to_job()
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)

        assert is_waited_for(instance, dg.DagsterRunStatus.QUEUED) is waits
        assert is_waited_for(instance, dg.DagsterRunStatus.STARTED)


@pytest.mark.usefixtures("defs")
def test_events_of_rejected_profiles_can_be_held_back(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    rows = "1,Ada,ada@example.org\n2,Bob,bob at example.org\n"
    (tmp_path / "customer.csv").write_text(f"id,name,mail\n{rows}")
    requiring = ORDERS + "  require_profile: customers\n  max_rejected: 0.5\n"

    whole = load(tmp_path, requiring)
    assert kit.run(whole, "shop/customer", "customers/valid", "customers/clevertap").success
    for step in ("orders/valid", "orders/clevertap"):
        alone = kit.run(whole, step)
        assert alone.success, kit.failure(alone)

    assert [event.identity for event in clevertap_sandbox.events()] == ["1"]
    rejected = Staging(tmp_path / "data" / "staging").current(("orders", "rejected")).scan()
    (reasons,) = rejected.collect()["reasons"].to_list()
    assert [reason["code"] for reason in reasons] == ["profile_rejected"]

    def split_anew(*stages: str) -> bool:
        with mock.patch.object(split_run, "split_into", wraps=split_into) as splits:
            result = kit.run(whole, *stages, "orders/valid", "orders/clevertap")
        assert result.success, kit.failure(result)
        return any(call.args[0].name == "orders" for call in splits.call_args_list)

    assert not split_anew()
    (tmp_path / "customer.csv").write_text(f"id,name,mail\n{rows.replace(' at ', '@')}")
    assert split_anew("shop/customer", *(f"customers/{stage}" for stage in STAGES))
    assert [event.identity for event in clevertap_sandbox.events()] == ["1", "2"]


CHECKS = """
import dagster as dg

@dg.asset_check(asset=["shop", "customer"], blocking={blocking})
def plausible():
    return dg.AssetCheckResult(passed={passed})
"""
SPLIT = ("customers/valid", "customers/rejected")


def checked(root: Path, *, blocking: bool = True, passed: bool = True) -> dg.Definitions:
    checks = CHECKS.format(blocking=blocking, passed=passed)
    texts = {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": kit.CUSTOMERS}
    return kit.load(root, {**texts, "shop_checks/checks.py": checks})


def made(instance: dg.DagsterInstance, run: dg.DagsterRun, key: str) -> None:
    asset = dg.AssetMaterialization(dg.AssetKey.from_user_string(key))
    event = dg.DagsterEvent(
        dg.DagsterEventType.ASSET_MATERIALIZATION.value,
        run.job_name,
        event_specific_data=StepMaterializationData(asset),
    )
    instance.report_dagster_event(event, run.run_id)


@pytest.mark.usefixtures("defs")
@pytest.mark.parametrize("passed", [True, False])
def test_a_check_that_blocks_nothing_is_waited_for_by_nobody(
    tmp_path: Path, *, passed: bool
) -> None:
    plain, instance = (
        checked(tmp_path, blocking=False, passed=passed),
        dg.DagsterInstance.ephemeral(),
    )

    for keys in (("shop/customer", *SPLIT), SPLIT):
        result = kit.run(plain, *keys, instance=instance)
        assert result.success, kit.failure(result)


@pytest.mark.usefixtures("defs")
def test_a_check_under_way_in_another_run_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "PATIENCE", 0)
    whole, instance = checked(tmp_path), dg.DagsterInstance.ephemeral()
    assert kit.run(whole, "shop/customer", *SPLIT, instance=instance).success
    other = kit.begun(whole, instance, "shop/customer")

    waiting = kit.run(whole, *SPLIT, instance=instance)
    instance.report_run_failed(other)

    assert "has waited for two hours" in kit.failure(waiting)
    assert kit.run(whole, *SPLIT, instance=instance).success


@pytest.mark.usefixtures("defs")
def test_what_no_check_has_judged_is_not_read(tmp_path: Path) -> None:
    whole, instance = checked(tmp_path), dg.DagsterInstance.ephemeral()
    assert kit.run(whole, "shop/customer", *SPLIT, instance=instance).success
    other = kit.begun(whole, instance, "shop/customer")
    made(instance, other, "shop/customer")
    instance.report_run_failed(other)

    refused = kit.run(whole, *SPLIT, instance=instance)

    assert (
        "shop/customer is not read: the run that made it ended without a verdict of its blocking "
        "checks (plausible); materialize it anew, or evaluate the checks"
    ) in kit.failure(refused)
    assert kit.run(whole, "shop/customer", *SPLIT, instance=instance).success


@pytest.mark.usefixtures("defs")
def test_a_failing_check_holds_while_nothing_newer_is_known(tmp_path: Path) -> None:
    failing, instance = checked(tmp_path, passed=False), dg.DagsterInstance.ephemeral()
    kit.run(failing, "shop/customer", instance=instance)
    instance.report_run_failed(kit.begun(failing, instance, "shop/customer"))

    refused = kit.run(failing, *SPLIT, instance=instance)

    assert "its blocking checks fail (plausible)" in kit.failure(refused)
