import json
import stat
from pathlib import Path

import polars as pl
import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, Shop

EVELYN = {"id": "3", "name": "Evelyn", "mail": "evelyn at example.org"}
WHY = (
    "Email: has a blank or an invisible character inside: correct it in the source "
    "[email_characters]"
)


@pytest.fixture
def ran(shop: Shop, account: SandboxInTest) -> Shop:  # noqa: ARG001 - where it sends to
    shop.write("customer.csv", CUSTOMER + ",Dan,dan@example.org\n")
    shop.said("run", "customers")
    return shop


def test_rows_are_listed_filtered_and_exported(ran: Shop, tmp_path: Path) -> None:
    whole = ran.said("rejected", "customers").splitlines()
    assert whole[0] == json.dumps(EVELYN)
    assert whole[1] == f"  {WHY}"
    assert [line for line in whole if line.startswith("{")][1:] == [
        '{"id": null, "name": "Dan", "mail": "dan@example.org"}'
    ]

    for options in (["--reason", "email_characters"], ["--field", "Email"], ["--key", "3"]):
        assert ran.said("rejected", "customers", *options).splitlines() == whole[:2]
    assert ran.said("rejected", "customers", "--key", "1") == "No such rows.\n"
    assert ran.said("rejected", "customers", "--limit", "1").splitlines() == [
        *whole[:2], "", "1 of 2 rows; --limit 0 shows all, --out FILE exports them",
    ]  # fmt: skip

    lines = ran.said("rejected", "customers", "--format", "json").splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["Evelyn", "Dan"]
    assert json.loads(lines[0])["reasons"][0]["code"] == "email_characters"
    table = ran.said("rejected", "customers", "--format", "csv", "--key", "3").splitlines()
    assert table == ["id,name,mail,reasons", f"3,Evelyn,evelyn at example.org,{WHY}"]

    file = tmp_path / "rejected.parquet"
    assert ran.said("rejected", "customers", "--out", str(file)) == f"2 rows written to {file}\n"
    assert pl.read_parquet(file)["name"].to_list() == ["Evelyn", "Dan"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_row_by_a_key_that_is_made_of_columns(shop: Shop, account: SandboxInTest) -> None:
    shop.declare("customers", "identity: id", "identity: {template: 'shop-{id}'}")
    shop.said("run", "customers")

    rejected = shop.said("rejected", "customers", "--key", "shop-3").splitlines()

    assert rejected == [json.dumps(EVELYN), f"  {WHY}"]
    assert shop.said("rejected", "customers", "--key", "3") == "No such rows.\n"
    assert len(account.profiles()) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["custmers"], "no sync is called 'custmers'; did you mean 'customers'?"),
        (["customers"], "customers/rejected: nothing is staged yet; materialize it first"),
    ],
)
def test_what_is_not_there(shop: Shop, arguments: list[str], said: str) -> None:
    result = shop.call("rejected", *arguments)

    assert (result.exit_code, result.output) == (1, f"Error: {said}\n")


def test_a_format_that_does_not_fit(ran: Shop) -> None:
    assert ran.call("rejected", "customers", "--format", "parquet").output == (
        "Error: parquet is no text for a terminal: name a file with --out\n"
    )
    assert ran.call("rejected", "customers", "--out", "rows.txt").output == (
        "Error: rows.txt: say with --format which format it is to have\n"
    )
