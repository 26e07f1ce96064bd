"""Accounts of a project's resources: who sends where, and no passcode in what Dagster shows."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import ct_assets
from ct_assets.clevertap.destination import DestinationError, named_destination
from ct_assets.components.project_defaults import with_defaults
from ct_assets.errors import UserError
from ct_assets.io_managers.clevertap_io_manager import ClevertapIOManager, accounts_of
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.components import kit

SYNC = """\
type: ct_assets.components.ClevertapSync
attributes:
  name: customers
  object: profile
  source: shop/customer
  identify_by: [{identity: id}]
  fields: {Name: name}
"""
RESOURCES = """\
import dagster as dg
import ct_assets

@dg.definitions
def defs() -> dg.Definitions:
    account = ct_assets.ClevertapAccount(
        account_id="ACCOUNT", api_url=dg.EnvVar("SHOP_URL"), passcode=dg.EnvVar("SHOP_PASSCODE")
    )
    staging = ct_assets.ParquetStaging()
    manager = ct_assets.ClevertapIOManager(staging=staging, account=account)
    return dg.Definitions(resources={"ct_staging": staging, "clevertap": manager})
"""
NAMED = {"account_id": "ABC-DEF-GHIJ", "region": "in1"}


def manager(**accounts: Any) -> ClevertapIOManager:
    return ClevertapIOManager(staging=ct_assets.ParquetStaging(), **accounts)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSCODE", "pass-of-shop")
    monkeypatch.setenv("EU_PASSCODE", "pass-of-eu")


def ready() -> ClevertapIOManager:
    return manager(
        account=ct_assets.ClevertapAccount(passcode=dg.EnvVar("SHOP_PASSCODE"), **NAMED),
        accounts={
            "EU": ct_assets.ClevertapAccount(
                account_id="EEE-EEE-EEEE", region="eu1", passcode=dg.EnvVar("EU_PASSCODE")
            )
        },
    )


@pytest.mark.parametrize(
    ("name", "destination", "passcode"),
    [
        (None, "in1-ABC-DEF-GHIJ", "pass-of-shop"),
        ("EU", "eu1-EEE-EEE-EEEE", "pass-of-eu"),
        ("US", "us1-UUU-UUU-UUUU", "pass-of-us"),  # of the environment: no resource names it
    ],
)
def test_each_account_is_found_by_its_name(
    name: str | None, destination: str, passcode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in {
        "ACCOUNT_ID": "UUU-UUU-UUUU", "REGION": "us1", "PASSCODE": "pass-of-us",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"US_CLEVERTAP_{variable}", value)

    to = named_destination(accounts_of(ready())(name))

    assert to is not None
    assert (to.name, to.passcode.get_secret_value()) == (destination, passcode)


def test_the_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named_destination(accounts_of(manager())(None)) is None

    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "XYZ-XYZ-XYZ1")
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "pass")
    monkeypatch.setenv("CLEVERTAP_REGION", "sg1")

    to = named_destination(accounts_of(manager())(None))
    assert to is not None
    assert to.name == "sg1-XYZ-XYZ-XYZ1"


def test_a_sandbox_that_is_meant_goes_before_a_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CT_DESTINATION", "sandbox")

    assert named_destination(accounts_of(ready())(None)) is None


def test_half_an_account_is_named_with_its_fields() -> None:
    half = manager(account=ct_assets.ClevertapAccount(account_id="ABC-DEF-GHIJ"))

    with pytest.raises(DestinationError) as raised:
        named_destination(accounts_of(half)(None))

    assert str(raised.value) == (
        "ClevertapAccount.account_id set, but not ClevertapAccount.passcode, "
        "ClevertapAccount.region (or ClevertapAccount.api_url): set what is missing, or none of "
        "them to send to the sandbox"
    )


def test_a_variable_that_is_not_set_is_named() -> None:
    account = ct_assets.ClevertapAccount(passcode=dg.EnvVar("NO_SUCH_PASSCODE"), **NAMED)

    with pytest.raises(DestinationError, match="NO_SUCH_PASSCODE"):
        accounts_of(manager(account=account))(None)


class FromVault(ct_assets.ClevertapAccount):
    def read_passcode(self) -> str:
        return "pass-of-vault"


def test_a_project_may_keep_its_passcodes_elsewhere() -> None:
    to = named_destination(accounts_of(manager(account=FromVault(**NAMED)))(None))

    assert to is not None
    assert to.passcode.get_secret_value() == "pass-of-vault"


def test_a_passcode_in_plain_text_is_refused() -> None:
    plain = manager(account=ct_assets.ClevertapAccount(passcode="canary-passcode", **NAMED))

    with pytest.raises(UserError) as raised:
        with_defaults(dg.Definitions(resources={"clevertap": plain}))

    assert str(raised.value) == (
        "the passcode of ClevertapAccount is written out, and Dagster shows the settings of "
        'resources: write passcode=dg.EnvVar("CLEVERTAP_PASSCODE"), or override read_passcode() '
        "to take it from where your secrets are"
    )
    assert "canary" not in repr(plain)


def test_a_run_sends_to_the_account_of_the_resource(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SHOP_PASSCODE", clevertap_sandbox.passcode)
    monkeypatch.setenv("SHOP_URL", clevertap_sandbox.url)
    (tmp_path / "customer.csv").write_text("id,name\n1,Ada\n")
    files = {
        "shop/defs.yaml": kit.SOURCE,
        "customers/defs.yaml": SYNC,
        "resources.py": RESOURCES.replace("ACCOUNT", clevertap_sandbox.account_id),
    }

    result = kit.run(kit.load(tmp_path, files))

    assert kit.failure(result) == ""
    assert [profile.props for profile in clevertap_sandbox.profiles()] == [{"Name": "Ada"}]
    place = clevertap_sandbox.url.removeprefix("http://")
    assert tagged(result) == f"{place.replace(':', '_')}-{clevertap_sandbox.account_id}"


def tagged(result: dg.ExecuteInProcessResult) -> str:
    (event,) = (
        e for e in result.all_events
        if e.is_step_materialization and e.asset_key == dg.AssetKey(["customers", "clevertap"])
    )  # fmt: skip
    return str(event.step_materialization_data.materialization.metadata["destination"].value)
