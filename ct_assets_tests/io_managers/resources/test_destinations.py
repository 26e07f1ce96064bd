"""Where records go: never to the sandbox by accident, never to an account that is not meant."""

import os
from pathlib import Path

import dagster as dg
import pytest

from ct_assets.clevertap.destination import DestinationError
from ct_assets.definitions import defs
from ct_assets.io_managers.resources import destinations
from ct_assets.mapping import Sync, parse
from ct_assets.sandbox import stop
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

ACCOUNT = {
    "CLEVERTAP_ACCOUNT_ID": "ABC-DEF-GHIJ",
    "CLEVERTAP_PASSCODE": "s3cret-passcode",
    "CLEVERTAP_REGION": "in1",
}
UNNAMED = (
    "no account is named: set CLEVERTAP_ACCOUNT_ID, CLEVERTAP_PASSCODE and CLEVERTAP_REGION in the "
    "environment of the process that runs the sync, or CT_DESTINATION=sandbox if that is meant"
)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (*ACCOUNT, "CLEVERTAP_API_URL", "CT_DESTINATION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def sync() -> Sync:
    return parse(
        {
            "name": "customers",
            "object": "profile",
            "source": "shop/customer",
            "identify_by": [{"identity": "id"}],
            "fields": {"Name": "name"},
        }
    )


def account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)


def log(instance: dg.DagsterInstance, run: str) -> list[str]:
    """What our steps said in a run, in its order."""
    return [entry.user_message for entry in instance.all_logs(run) if not entry.is_dagster_event]


def test_nothing_set_means_the_sandbox_on_a_machine_of_ones_own(sync: Sync) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert destinations.known(sync, instance) is None


def test_an_account_by_a_name_that_is_not_set_is_no_sandbox_beside_others_that_are(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = sync.model_copy(update={"destination": "EU"})
    assert destinations.known(named) is None
    monkeypatch.setenv("US_CLEVERTAP_ACCOUNT_ID", " ")
    assert destinations.known(named) is None
    monkeypatch.setenv("US_CLEVERTAP_ACCOUNT_ID", "ABC-DEF-GHIJ")

    with pytest.raises(DestinationError) as raised:
        destinations.known(named)

    assert str(raised.value) == (
        "customers goes to EU, and no account is named: set EU_CLEVERTAP_ACCOUNT_ID, "
        "EU_CLEVERTAP_PASSCODE and EU_CLEVERTAP_REGION in the environment of the process that runs "
        "the sync, or CT_DESTINATION=sandbox if that is meant. US_CLEVERTAP_ACCOUNT_ID is set: the "
        "sandbox is hardly meant. Nothing was sent"
    )
    assert destinations.known(sync) is None


@pytest.mark.parametrize(
    ("folder", "file", "stops"),
    [
        ("in1-ABC-DEF-GHIJ", "state.duckdb", True),
        ("gate.example.test_443-ABC", "sends.sqlite", True),
        ("in1-ABC-DEF-GHIJ", "other.txt", False),
        ("sandbox-1a2b", "state.duckdb", False),
        ("127.0.0.1_8081-ABC", "state.duckdb", True),
        ("localhost_80-ABC", "state.duckdb", True),
    ],
)
def test_what_was_delivered_to_an_account_does_not_go_to_the_sandbox(
    data: Path, sync: Sync, folder: str, file: str, *, stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = data / "state" / folder / "customers"
    state.mkdir(parents=True)
    (state / file).touch()

    if stops:
        with pytest.raises(DestinationError) as raised:
            destinations.started(sync)
        assert str(raised.value) == (
            f"customers was delivered to {folder} before, and now {UNNAMED}. Nothing was sent"
        )
        monkeypatch.setenv("CT_DESTINATION", "sandbox")
    assert destinations.known(sync) is None
    assert not (data / "sandbox").exists()


@pytest.mark.parametrize(
    ("name", "stops"),
    [
        ("in1-ABC-DEF-GHIJ", True),
        ("sandbox: http://127.0.0.1:1", False),
        ("127.0.0.1_8081-ABC", True),
    ],
)
def test_dagsters_log_outlives_the_disk(sync: Sync, name: str, *, stops: bool) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(["customers", "clevertap"], metadata={"destination": name})
        )
        if not stops:
            assert destinations.known(sync, instance) is None
            return
        with pytest.raises(DestinationError) as raised:
            destinations.known(sync, instance)

    assert str(raised.value) == (
        f"customers was delivered to {name} before, and now {UNNAMED}. Nothing was sent"
    )


def test_runs_elsewhere_have_no_sandbox(
    tmp_path: Path, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher = "run_launcher: {module: dagster_k8s, class: K8sRunLauncher, config: {}}\n"
    (tmp_path / "dagster.yaml").write_text(launcher)

    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        with pytest.raises(DestinationError) as raised:
            destinations.known(sync, instance)
        assert str(raised.value) == (
            "runs are launched by K8sRunLauncher, whose processes have no sandbox of their own, "
            f"and {UNNAMED}. Nothing was sent"
        )
        account(monkeypatch)
        named = destinations.known(sync, instance)

    assert named is not None
    assert named.name == "in1-ABC-DEF-GHIJ"


def test_hosts_that_share_state_have_no_sandbox(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CT_DATABASE_URL", "postgresql://db/ct")
    monkeypatch.setenv("CT_STORE_URL", "s3://bucket")

    with pytest.raises(DestinationError, match=f"hosts share their state .* and {UNNAMED}"):
        destinations.known(sync)

    monkeypatch.setenv("CT_DESTINATION", "sandbox")
    destinations.known(sync)


@pytest.mark.parametrize("allowed", ["", "0", "1"])
def test_a_branch_deployment_sends_only_when_told_to(
    sync: Sync, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(monkeypatch)
    monkeypatch.setenv("DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT", "1")
    monkeypatch.setenv("CT_BRANCH_SENDS", allowed)

    if allowed != "1":
        with pytest.raises(DestinationError) as raised:
            destinations.started(sync)
        assert str(raised.value) == (
            "customers is not sent: this is a branch deployment, which does not send to an account "
            "(ABC-DEF-GHIJ at in1.api.clevertap.com). Set CT_DESTINATION=sandbox for a trial, or "
            "CT_BRANCH_SENDS=1 in this deployment if its rows are meant for that account"
        )
        return
    assert destinations.started(sync).name == "in1-ABC-DEF-GHIJ"


def test_a_branch_deployment_may_send_to_a_loopback_server(
    sync: Sync, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT", "1")
    send_to(clevertap_sandbox, monkeypatch)

    assert destinations.started(sync).base_url == clevertap_sandbox.url


def test_the_example_is_sent_to_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    account(monkeypatch)
    refused = (
        "customers reads the example that ships with ct_assets, and goes to a sandbox or to a "
        "server on this machine only, never to ABC-DEF-GHIJ at in1.api.clevertap.com. Declare a "
        "sync of a source of your own, in your project; to try this one, set CT_DESTINATION=sandbox"
    )
    chain = ("chinook/customer", "customers/valid", "customers/rejected", "customers/clevertap")

    with dg.DagsterInstance.ephemeral() as instance:
        result = kit.run(defs(), *chain, instance=instance)

        assert not result.success
        assert refused in kit.failure(result)
        assert log(instance, result.run_id)[0] == refused
        assert "clevertap/destination" not in instance.get_runs()[0].tags


def test_a_run_says_first_of_all_where_it_sends(
    tmp_path: Path, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEVERTAP_API_URL", clevertap_sandbox.url)
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "TEST-ACCOUNT")
    monkeypatch.setenv("CLEVERTAP_PASSCODE", clevertap_sandbox.passcode)
    (tmp_path / "customer.csv").write_text("id,name,mail\n1,Ada,ada@example.org\n")
    files = {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": kit.CUSTOMERS}
    host = clevertap_sandbox.url.removeprefix("http://")

    with dg.DagsterInstance.ephemeral() as instance:
        result = kit.run(kit.load(tmp_path, files), instance=instance)

        lines = [line for line in log(instance, result.run_id) if "destination" in line]
        assert log(instance, result.run_id)[0] == lines[0]
        assert lines == [f"customers: the destination is TEST-ACCOUNT at {host}"]
        (run,) = instance.get_runs()
        assert run.tags["clevertap/destination"] == f"{host.replace(':', '_')}-TEST-ACCOUNT"


def test_whatever_a_run_makes_is_private(tmp_path: Path, data: Path) -> None:
    (tmp_path / "customer.csv").write_text("id,name,mail\n1,Ada,ada@example.org\n")
    files = {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": kit.CUSTOMERS}
    before = os.umask(0o022)
    try:
        result = kit.run(kit.load(tmp_path, files))
        assert result.success, kit.failure(result)
        modes = {path: path.stat().st_mode & 0o777 for path in [data, *data.rglob("*")]}
    finally:
        os.umask(before)
        stop(data)

    assert {p.name: oct(m) for p, m in modes.items() if m != (0o700 if p.is_dir() else 0o600)} == {}
    assert {"sandbox.log", "starting.lock", "customers.lock"} < {path.name for path in modes}
