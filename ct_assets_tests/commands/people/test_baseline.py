"""People whom another tool has sent are not sent again."""

import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, Shop, uploads


def test_only_who_changed_since_is_sent(shop: Shop, account: SandboxInTest) -> None:
    said = shop.call("baseline", "customers", entered="y\n").output

    assert "Take 2 rows of customers as sent to SANDBOX at " in said
    assert said.endswith(
        "2 rows of customers taken as sent; none was. Look at what a run sends now: ct-assets "
        "plan customers\n"
    )
    assert shop.json("plan", "customers")["report"]["unchanged"] == 2
    shop.write("customer.csv", CUSTOMER.replace("Ada", "Adele"))
    assert shop.said("run", "customers").endswith(
        "1 rejected, 1 unchanged, 0 held, 1 acked, 0 refused, 0 unknown\n"
    )
    assert [request.sent[0]["identity"] for request in uploads(account)] == ["1"]


def test_who_says_no_takes_nothing(shop: Shop, account: SandboxInTest) -> None:
    assert shop.call("baseline", "customers", entered="n\n").exit_code == 1
    assert shop.json("plan", "customers")["report"]["new"] == 2
    assert uploads(account) == []


@pytest.mark.usefixtures("account")
def test_what_has_no_baseline(shop: Shop) -> None:
    events = shop.call("baseline", "purchases", "--yes")
    shop.said("run", "customers")
    later = shop.call("baseline", "customers", "--yes")

    assert events.output == (
        "Error: purchases sends events: declare `first_run: from_now`, which holds those that "
        "happened before the first run\n"
    )
    assert "customers was delivered to SANDBOX at" in later.output


@pytest.mark.usefixtures("account")
def test_rows_that_would_not_be_sent_are_not_taken_as_sent(shop: Shop) -> None:
    shop.declare("customers", "max_rejected: 0.5", "max_rejected: 0.1")

    stopped = shop.call("baseline", "customers", "--yes")

    assert "nothing was taken as sent: 1 of 3 rows are rejected" in stopped.output
    assert stopped.exit_code == 1
