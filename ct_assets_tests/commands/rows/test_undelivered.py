import json
import shutil

import dagster as dg
import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.mapping.declaration.rules.catalog_names import STAGES
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, Shop


def split(shop: Shop) -> None:
    definitions = Project.load(shop.module).definitions
    keys = [dg.AssetKey(["shop", "customer"]), *(dg.AssetKey(["customers", s]) for s in STAGES[:2])]
    job = definitions.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(asset_selection=keys, instance=instance).success


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(identity_bytes=1))], indirect=True
)
def test_what_clevertap_refused_is_listed_with_its_record(
    shop: Shop, account: SandboxInTest
) -> None:
    shop.write("customer.csv", CUSTOMER.replace("2,Bob", "22,Bob"))
    assert shop.run("customers")
    first = Project.load(shop.module).staging.current(("customers", "valid")).path.parent

    lines = shop.said("undelivered", "customers").splitlines()
    (row,) = map(json.loads, shop.said("undelivered", "customers", "--format", "json").splitlines())

    assert (lines[0], len(account.requests())) == ("identity 22: refused 523", 1)
    record = {"Name": "Bob", "Email": "bob@example.org"}
    assert json.loads(lines[-1]) == {"type": "profile", "identity": "22", "profileData": record}
    assert (row["key"], row["outcome"], row["code"]) == ("22", "refused", "523")
    for options in (["--reason", "523"], ["--reason", "refused"], ["--key", "22"]):
        assert shop.said("undelivered", "customers", *options).splitlines() == lines
    for options in (["--reason", "516"], ["--run", "another"], ["--key", "1"]):
        assert shop.said("undelivered", "customers", *options) == "No such rows.\n"
    shop.write("customer.csv", CUSTOMER.replace("2,Bob", "22,Robert"))
    split(shop)
    assert shop.said("undelivered", "customers").splitlines() == lines, "as it was sent"
    shutil.rmtree(first)
    assert shop.said("undelivered", "customers").splitlines() == [
        "Their records are gone: the rows were split again since.",
        *lines[:-1],
    ]
