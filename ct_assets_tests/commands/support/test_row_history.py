import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, PURCHASE, Shop

pytestmark = pytest.mark.sampled(3)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (
            "1",
            "Row 1 of shop/customer now:\n  id: 1\n  name: Ada\n  mail: ada@example.org\n"
            'Its record: {"type":"profile","identity":"1","profileData":'
            '{"Name":"Ada","Email":"ada@example.org"}}\n',
        ),
        ("3", "Rejected:\n  Email: "),
        ("4", "Left out: `where: name <> 'Nobody'` does not hold for it.\n"),
        ("9", "No row of shop/customer has the key '9' now.\n"),
    ],
)
def test_the_source_row_and_what_becomes_of_it(shop: Shop, key: str, told: str) -> None:
    said = shop.said("explain", "customers", "--key", key)

    assert told in said
    assert said.endswith(
        "Destination: the sandbox, which has not run yet\n"
        "Nothing of this sync was ever sent there.\n"
    )
    assert not (shop.data / "sandbox").exists()


@pytest.mark.parametrize(
    ("duplicates", "names", "told"),
    [
        ("reject", "ab", "Rejected: 2 rows have this key.\n  Make the source"),
        ("{keep_latest_by: name}", "ab", "Rejected: 2 rows have this key.\n  Write it like 2024-"),
        ("{keep_latest_by: name}", "12", "Left out: it is not the latest of 2 rows with this key."),
    ],
)
def test_a_row_beside_others_of_its_key(shop: Shop, duplicates: str, names: str, told: str) -> None:
    shop.declare("customers", "max_rejected", f"duplicates: {duplicates}\n  max_rejected")
    shop.write("customer.csv", "id,name,mail\n" + "".join(f"1,{name},\n" for name in names))

    assert told in shop.said("explain", "customers", "--key", "1")


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(identity_bytes=1))], indirect=True
)
def test_what_clevertap_said(shop: Shop) -> None:
    shop.write("customer.csv", CUSTOMER.replace("2,Bob", "22,Bob"))
    assert shop.run("customers")
    before = shop.digests("state", "staging")

    acked, refused = (shop.said("explain", "customers", "--key", key) for key in ("1", "22"))

    assert "Acknowledged by CleverTap at 2" in acked
    assert ": acked\n" in acked
    assert "Never acknowledged by CleverTap.\nHeld back since 2" in refused
    assert "refused 523: " in refused
    assert shop.digests("state", "staging") == before


def test_an_event_whose_answer_was_lost(shop: Shop, account: SandboxInTest) -> None:
    account.faults.script("503-stored")
    assert shop.run("purchases")

    said = shop.said("explain", "purchases", "--key", "n1")

    assert "Never acknowledged by CleverTap.\nHeld back since 2" in said
    assert ": parked: HTTP 503. Look the record up in CleverTap" in said
    assert ": unknown: HTTP 503\n    The answer was lost" in said


@pytest.mark.usefixtures("account")
def test_a_person_who_was_forgotten(shop: Shop) -> None:
    assert shop.run("customers")
    shop.said("forget", "--identity", "1", "--yes")

    for sync, key in (("customers", "1"), ("purchases", "n1")):
        assert "\nHeld back: forgotten. Nothing, unless" in shop.said("explain", sync, "--key", key)
    assert "forgotten" not in shop.said("explain", "customers", "--key", "2")


@pytest.mark.usefixtures("account")
def test_an_event_of_a_rejected_profile(shop: Shop) -> None:
    shop.declare("purchases", "event: Charged", "event: Charged\n  require_profile: customers")
    shop.write("purchase.csv", PURCHASE + "n3,3,2026-01-02T03:04:05,3\n")
    assert shop.run("customers")

    assert (
        "Rejected: customers rejected the profile of its person.\n"
        "  Look at the other sync's rejected rows and mend those first.\n"
    ) in shop.said("explain", "purchases", "--key", "n3")


def test_a_code(shop: Shop) -> None:
    assert shop.said("explain", "516").startswith("516: Phone number is invalid\n")
    assert shop.call("explain", "51x").exit_code == 1
