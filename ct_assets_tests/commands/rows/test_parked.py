import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import Shop


@pytest.fixture
def parking(shop: Shop, account: SandboxInTest) -> Shop:
    """One lost answer: CleverTap has both events, and nobody knows."""
    account.faults.script("503-stored")
    assert shop.run("purchases")
    return shop


def test_parked_events_are_listed_until_somebody_says_what_to_do(
    parking: Shop, account: SandboxInTest
) -> None:
    said = parking.said("parked", "purchases")

    assert "│ n1 " in said
    assert "HTTP 503" in said
    assert "2 parked. If CleverTap has them: ct-assets parked purchases --discard" in said
    assert parking.said("parked", "purchases", "--discard", "--key", "n1") == (
        "1 record not to be sent again.\n"
    )
    assert parking.said("parked", "purchases", "--resend") == (
        "1 record to go with the next run of purchases.\n"
    )
    assert parking.said("parked", "purchases") == "Nothing of purchases is parked.\n"
    assert parking.run("purchases")
    assert [event.props["Amount"] for event in account.events()] == [3.0, 4.0, 4.0]


def test_what_was_never_sent_is_not_parked(shop: Shop) -> None:
    assert shop.said("parked", "purchases") == (
        "Nothing of purchases is parked: it was never sent.\n"
    )
    assert shop.digests("state") == {}


def test_contradicting_options_are_a_mistake(shop: Shop) -> None:
    result = shop.call("parked", "purchases", "--resend", "--discard")

    assert result.exit_code == 2
    assert "contradict each other" in result.output
