import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import Shop


def test_a_limited_run_sends_the_first_rows_for_a_trial(shop: Shop, account: SandboxInTest) -> None:
    said = shop.said("run", "customers", "--limit", "1")

    assert said.endswith("customers: 0 unchanged, 1 held, 1 acked, 0 refused, 0 unknown\n")
    assert [p.identity for p in account.profiles()] == ["1"]
    assert shop.said("run", "customers", "--full").endswith(
        "customers: 0 unchanged, 0 held, 2 acked, 0 refused, 0 unknown\n"
    )


@pytest.mark.usefixtures("account")
def test_a_guard_says_how_to_pass_it_and_that_works(shop: Shop) -> None:
    shop.declare("customers", "max_rejected", "on_removed: delete\n  max_rejected")
    assert shop.run("customers")
    shop.write("customer.csv", "id,name,mail\n")

    stopped = shop.call("run", "customers")

    assert stopped.exit_code == 1
    assert "run once with allow: [empty_source] (ct-assets run customers --allow empty_source)" in (
        stopped.output
    )
    assert "0 acked" in shop.said("run", "customers", "--allow", "empty_source")


@pytest.mark.usefixtures("account")
def test_a_mistake_is_told_once_and_without_a_stack(shop: Shop, account: SandboxInTest) -> None:
    shop.declare("customers", "Name: name", "Name: nome")

    said = shop.call("run", "customers").output.splitlines()

    declared = shop.package / "defs/customers/defs.yaml"
    assert said == [
        f"customers: the destination is SANDBOX at {account.url.removeprefix('http://')}",
        f"customers__split failed: {declared}:9: fields.Name: Sync customers: shop/customer has no "
        "column 'nome', which Name wants; did you mean 'name'? Mend the declaration, or bring the "
        "column back.",
        "Error: customers is not complete; the reason is above",
    ]


def test_a_guard_that_there_is_not(shop: Shop) -> None:
    typo = shop.call("run", "customers", "--allow", "max_remove")
    other = shop.call("run", "customers", "--allow", "all")

    assert (typo.exit_code, other.exit_code) == (2, 2)
    assert "no guard is called 'max_remove'; did you mean 'max_removed'?" in typo.output
    assert "empty_source, max_removed" in other.output
