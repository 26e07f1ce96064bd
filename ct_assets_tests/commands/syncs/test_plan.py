import httpx
import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.errors import mask
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, PURCHASE, Shop

pytestmark = pytest.mark.sampled(4)


def test_a_plan_before_the_first_run_starts_nothing(shop: Shop) -> None:
    planned = shop.json("plan", "customers")

    assert planned["destination"] == "the sandbox, which has not run yet"
    assert planned["counts"] == {
        "source": 4, "cut": 1, "superseded": 0, "valid": 2, "rejected": 1,
    }  # fmt: skip
    assert (planned["report"]["new"], planned["report"]["requests"]) == (2, 1)
    assert not (shop.data / "sandbox").exists()
    assert shop.digests("state", "staging") == {}


@pytest.mark.usefixtures("account")
def test_a_plan_tells_changes_and_leaves_every_byte_as_it_was(shop: Shop) -> None:
    assert shop.run("customers")
    shop.write("customer.csv", CUSTOMER.replace("Ada", "Augusta") + "5,Eve,eve@example.org\n")
    before = shop.digests("state", "staging")

    said = shop.said("plan", "customers")

    assert "new                      │     1" in said
    assert "changed                  │     1" in said
    assert f"{mask('Ada')} -> {mask('Augusta')}" in said
    assert "Augusta" not in said
    assert "Requests: 1, 1 s or more with 15 in flight" in said
    assert shop.digests("state", "staging") == before


@pytest.mark.usefixtures("account")
def test_a_plan_tells_what_an_edited_declaration_does_by_itself(shop: Shop) -> None:
    assert shop.run("customers")
    shop.write("customer.csv", CUSTOMER.replace("Ada", "Augusta"))
    assert shop.json("plan", "customers")["blast"] is None
    shop.declare("customers", "Email: mail", "Email: {column: mail, on_invalid: drop}")

    blast = shop.json("plan", "customers")["blast"]

    changes = {"rows": 3, "changed": 0, "lost": 0, "gained": 1}
    assert blast == {**changes, "rejected": 0, "cut": 0}


@pytest.mark.usefixtures("account")
def test_a_row_with_another_key_counts_once(shop: Shop) -> None:
    shop.write("customer.csv", "id,name,mail\n1,Ada,a@b.it\n2,Bob,b@b.it\n3,Cy,c@b.it\n")
    assert shop.run("customers")
    shop.declare("customers", "{identity: id}", "{identity: mail}")
    shop.declare("customers", "where: \"name <> 'Nobody'\"", "where: \"name <> 'Cy'\"")

    said = shop.said("plan", "customers")

    assert (
        "The declaration was edited since the last run. Of the 3 rows of that run, it alone "
        "changes 2, rejects 0 that were valid, cuts 1, and makes 0 valid that were not.\n"
    ) in said


@pytest.mark.usefixtures("account")
def test_a_plan_with_a_column_that_the_last_run_did_not_have(shop: Shop) -> None:
    assert shop.run("customers")
    lines = CUSTOMER.splitlines()
    shop.write("customer.csv", "\n".join([f"{lines[0]},tier", *(f"{x},gold" for x in lines[1:])]))
    shop.declare("customers", "Email: mail", "Email: mail\n    Tier: tier")

    planned = shop.json("plan", "customers")

    assert (planned["blast"], planned["report"]["changed"]) == (None, 2)


def test_a_field_that_the_account_keeps_in_another_type(shop: Shop, account: SandboxInTest) -> None:
    """In the plan and, of the rows of the last run, in what the doctor finds."""
    headers = {"X-CleverTap-Account-Id": account.account_id}
    headers["X-CleverTap-Passcode"] = account.passcode
    record = {"type": "profile", "identity": "by the app", "profileData": {"Tier": 5}}
    httpx.post(f"{account.url}/1/upload", json={"d": [record]}, headers=headers)
    shop.write("customer.csv", "id,name,mail,tier\n1,Ada,ada@example.org,gold\n")
    shop.declare("customers", "Email: mail", "Email: mail\n    Tier: tier")
    told = "Tier would be sent as a string, and the account keeps it as Integer: CleverTap may drop"

    assert f"Note: {told}" in shop.said("plan", "customers")
    assert shop.run("customers")
    found = {c["name"]: (c["status"], c["found"]) for c in shop.json("doctor")}
    status, text = found["types of customers"]
    assert (status, text[: len(told)]) == ("note", told)


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(identity_bytes=1))], indirect=True
)
def test_clevertap_is_asked_and_keeps_nothing(shop: Shop, account: SandboxInTest) -> None:
    shop.write("customer.csv", CUSTOMER.replace("2,Bob", "22,Bob"))

    said = shop.said("plan", "customers", "--ask-clevertap")

    assert "it would take 1 and refuse 1 (1 with 523)" in said
    asked = [(r.query, r.records) for r in account.requests()]
    assert asked == [("dryRun=1", 2), ("type=userProperties", None)]
    assert account.profiles() == []
    assert shop.digests("state", "staging") == {}


@pytest.mark.usefixtures("account")
def test_events_of_rejected_profiles_are_rejected_as_in_a_run(shop: Shop) -> None:
    shop.declare("purchases", "on_unknown", "require_profile: customers\n  on_unknown")
    shop.write("purchase.csv", PURCHASE + "n3,3,2026-01-02T03:04:07,5\n")
    assert shop.run("customers")

    assert shop.json("plan", "purchases")["counts"]["rejected"] == 1
    assert "Rejected: customers rejected the profile of its person.\n" in shop.said(
        "explain", "purchases", "--key", "n3"
    )


def test_a_sandbox_that_never_ran_cannot_be_asked(shop: Shop) -> None:
    result = shop.call("plan", "customers", "--ask-clevertap")

    assert result.exit_code == 1
    assert "start it with `ct-assets sandbox`" in result.output


@pytest.mark.usefixtures("account")
def test_a_plan_names_the_guard_and_how_to_pass_it(shop: Shop) -> None:
    shop.declare("customers", "max_rejected", "on_removed: delete\n  max_rejected")
    assert shop.run("customers")
    shop.write("customer.csv", "id,name,mail\n")

    said = shop.said("plan", "customers")

    assert "Nothing would be sent: customers: the source is empty" in said
    assert "run once with allow: [empty_source]" in said


def test_a_plan_says_why_nothing_would_be_sent(shop: Shop) -> None:
    shop.declare("customers", "max_rejected: 0.5", "max_rejected: 0")

    assert shop.said("plan", "customers").endswith(
        "\nNothing would be sent: 1 of 3 rows are rejected (33.3%), more than max_rejected (0.0%)\n"
        "Most frequent: Email email_characters (1). Look at the rows with `ct-assets preview "
        "customers`, then mend the source or the mapping, or raise `max_rejected`. `on_invalid: "
        "drop` in Email sends such rows without that field.\n"
    )


@pytest.mark.parametrize(
    ("sync", "told"),
    [
        ("customer", "no sync is called 'customer'; did you mean 'customers'?"),
        ("customers", "customer.csv"),
    ],
)
def test_mistakes_are_told_in_words(shop: Shop, sync: str, told: str) -> None:
    (shop.root / "customer.csv").unlink()

    result = shop.call("plan", sync)

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert told in result.output
    assert "Traceback" not in result.output
