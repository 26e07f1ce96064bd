import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, Shop


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(identity_bytes=1))], indirect=True
)
def test_refused_rows_go_again_when_asked_for(shop: Shop, account: SandboxInTest) -> None:
    shop.write("customer.csv", CUSTOMER.replace("2,Bob", "22,Bob"))
    assert shop.run("customers")
    sent = len(account.requests())

    said = [
        shop.said("replay", "customers", *options)
        for options in (["--code", "516"], ["--since", "2999-01-01"], ["--code", "523"])
    ]

    assert said == [
        "0 refused records to go with the next run of customers.\n",
        "0 refused records to go with the next run of customers.\n",
        "1 refused record to go with the next run of customers.\n",
    ]
    assert shop.run("customers")
    assert [r["identity"] for r in account.requests()[sent].sent] == ["22"]


def test_what_was_never_sent_was_never_refused(shop: Shop) -> None:
    assert shop.said("replay", "customers") == (
        "Nothing of customers was refused: it was never sent.\n"
    )
    assert shop.digests("state") == {}
