import json

import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, Shop


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(identity_bytes=1))], indirect=True
)
def test_what_clevertap_refused_is_listed_with_its_record(
    shop: Shop, account: SandboxInTest
) -> None:
    shop.write("customer.csv", CUSTOMER.replace("2,Bob", "22,Bob"))
    assert shop.run("customers")

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
