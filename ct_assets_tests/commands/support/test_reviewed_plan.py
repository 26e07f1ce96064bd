"""Plans that people look at, and runs that keep to them."""

import json
from pathlib import Path

import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, Shop

pytestmark = pytest.mark.sampled(3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plan.json"


@pytest.mark.usefixtures("account")
def test_a_run_sends_what_was_planned(
    shop: Shop, file: Path, clevertap_sandbox: SandboxInTest
) -> None:
    shop.said("plan", "customers", "--limit", "1", "--out", str(file))

    assert shop.call("run", "customers", "--plan", str(file)).exit_code == 0
    assert len(clevertap_sandbox.profiles()) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [("Ada,", "Eda,"), ("1,Ada", "7,Ada"), ("2,Bob,bob@example.org\n", "")],
    ids=["another value", "another person", "a row less"],
)
@pytest.mark.usefixtures("account")
def test_a_run_sends_nothing_else(
    shop: Shop, file: Path, clevertap_sandbox: SandboxInTest, old: str, new: str
) -> None:
    shop.said("plan", "customers", "--out", str(file))
    shop.write("customer.csv", CUSTOMER.replace(old, new))

    failed = shop.call("run", "customers", "--plan", str(file))

    assert failed.exit_code == 1
    assert (
        "customers: the records to be sent are not those of the reviewed plan: the source, the "
        "declaration or the state is another one now. Nothing was sent. Make a new plan (ct-assets "
        "plan customers --out FILE), and look at it"
    ) in failed.output
    assert clevertap_sandbox.profiles() == []


@pytest.mark.usefixtures("account")
def test_rows_in_another_order_are_the_same_plan(
    shop: Shop, file: Path, clevertap_sandbox: SandboxInTest
) -> None:
    shop.said("plan", "customers", "--out", str(file))
    head, *rows = CUSTOMER.splitlines()
    shop.write("customer.csv", "\n".join([head, *rows[::-1]]) + "\n")

    assert shop.call("run", "customers", "--plan", str(file)).exit_code == 0
    assert len(clevertap_sandbox.profiles()) == 2


def test_files_that_are_no_plan_of_the_sync(shop: Shop, file: Path) -> None:
    file.write_text("{}")
    said = shop.call("run", "customers", "--plan", str(file)).output
    assert f"{file} is no plan: make one with `ct-assets plan customers --out {file}`" in said

    shop.said("plan", "purchases", "--out", str(file))
    said = shop.call("run", "customers", "--plan", str(file)).output
    assert f"{file} is a plan of purchases, not of customers" in said

    said = shop.call("run", "purchases", "--plan", str(file), "--full").output
    assert "--plan has the options of the plan, and takes no others" in said


@pytest.mark.usefixtures("account")
def test_a_plan_of_people_who_must_be_looked_for_binds_no_run(shop: Shop, file: Path) -> None:
    shop.declare("customers", "  max_rejected: 0.5\n", "  max_rejected: 0.5\n  mode: update_only\n")
    shop.said("plan", "customers", "--out", str(file))

    said = shop.call("run", "customers", "--plan", str(file)).output

    assert (
        f"{file} binds no run: which records of customers go is known only once profiles were "
        "looked for, as its `mode` needs. Run it without --plan\n"
    ) in said


@pytest.mark.usefixtures("account")
def test_a_plan_for_another_destination(shop: Shop, file: Path) -> None:
    shop.said("plan", "customers", "--out", str(file))
    plan = json.loads(file.read_text())
    file.write_text(json.dumps({**plan, "destination": "account EU-1"}))

    said = shop.call("run", "customers", "--plan", str(file)).output

    assert f"{file} is a plan for account EU-1, and the run is for {plan['destination']}" in said


@pytest.mark.usefixtures("account")
def test_the_plan_as_a_page_has_no_values(shop: Shop, tmp_path: Path) -> None:
    assert shop.run("customers")
    shop.write("customer.csv", CUSTOMER.replace("Ada", "Augusta"))
    page = tmp_path / "plan.md"

    shop.said("plan", "customers", "--markdown", str(page))

    text = page.read_text()
    assert text.startswith("### customers: what the next run would send to ")
    assert "\n| rows | count |\n|---|---:|\n| source | 4 |\n| cut by where | 1 |\n" in text
    assert "\n| property | rows | for example (masked) |\n|---|---:|---|\n| Name | 1 | " in text
    assert "Augusta" not in text
