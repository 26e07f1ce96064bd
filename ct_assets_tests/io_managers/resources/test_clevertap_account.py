"""Accounts of a project's resources: who sends where, and no passcode in what Dagster shows."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import ct_assets
from ct_assets.clevertap.destination import DestinationError, named_destination
from ct_assets.components.project_defaults import with_defaults
from ct_assets.errors import UserError
from ct_assets.io_managers.clevertap_io_manager import (
    ClevertapIOManager,
    accounts_among,
    accounts_of,
)
from ct_assets.io_managers.resources import destinations
from ct_assets.mapping import parse
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.components import kit
from ct_assets_tests.mapping.splitting import PROFILE

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


class FromFile(ct_assets.ClevertapAccount):
    secret: str = ""

    def read_passcode(self) -> str:
        return Path(self.secret).read_text()


def test_a_named_account_keeps_its_class_and_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("pass-of-file\n")
    monkeypatch.setenv("SECRET", str(tmp_path / "secret"))
    own = manager(
        accounts={
            "EU": FromFile(secret=dg.EnvVar("SECRET"), **NAMED),
            "IN": ct_assets.ClevertapAccount(passcode=dg.EnvVar("SHOP_PASSCODE"), **NAMED),
            "US": FromVault(**NAMED),
        }
    )
    as_in_a_run = accounts_among({"clevertap": own.get_resource_definition()})

    for accounts in (accounts_of(own), as_in_a_run):
        passcodes = {}
        for name in ("EU", "IN", "US"):
            to = named_destination(accounts(name))
            passcodes[name] = to and to.passcode.get_secret_value()
        assert passcodes == {"EU": "pass-of-file", "IN": "pass-of-shop", "US": "pass-of-vault"}


def test_a_step_has_its_own_instance_serve_the_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = {"clevertap": manager(account=ready().account).get_resource_definition()}
    with dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.delattr(dg.DagsterInstance, "ephemeral")  # Dagster would make one with it

        assert named_destination(accounts_among(resources, instance)(None)) is not None


class Lost(ct_assets.ClevertapAccount):
    def read_passcode(self) -> str:
        raise RuntimeError("canary")


@pytest.mark.parametrize("name", [None, "EU"])
def test_a_secret_that_cannot_be_read_is_told_without_its_words(name: str | None) -> None:
    lost = Lost(**NAMED)

    with pytest.raises(DestinationError) as raised:
        accounts_of(manager(accounts={name: lost}) if name else manager(account=lost))(name)

    assert str(raised.value) == (
        "Lost.read_passcode() fails with RuntimeError: mend the access to the secret"
    )
    assert "canary" not in str(raised.value.__context__)


def test_no_passcode_is_read_where_the_sandbox_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CT_DESTINATION", "sandbox")
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path))
    accounts = accounts_of(manager(account=FromFile(secret="/no/file", **NAMED)))

    assert (
        destinations.known(parse({**PROFILE, "fields": {"Name": "name"}}), accounts=accounts)
        is None
    )


def test_sources_are_read_where_no_account_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their runs send nothing."""
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("SHOP_PASSCODE")
    (tmp_path / "customer.csv").write_text("id,name\n1,Ada\n")
    files = {
        "shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": SYNC, "resources.py": RESOURCES,
    }  # fmt: skip
    keys = [dg.AssetKey(["shop", "customer"]), dg.AssetKey(["customers", "valid"])]
    job = kit.load(tmp_path, files).resolve_implicit_global_asset_job_def()

    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(asset_selection=keys, instance=instance).success


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
