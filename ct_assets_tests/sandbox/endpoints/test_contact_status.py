from typing import Any

import httpx
import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import accept, data_of, event, profile, read

PHONE = "+35922333232"


def post(client: httpx.Client, path: str, *records: object) -> Any:
    return client.post(path, json={"d": list(records)}).json()


def test_everybody_who_shares_the_value_is_unsubscribed(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, profile("a", {"Phone": PHONE}), profile("b", {"Phone": PHONE}), profile("c"))
    record = {"type": "phone", "value": PHONE, "status": "Unsubscribe"}

    answer = post(client, "/1/subscribe", record)

    assert answer == {"status": "success", "processed": 1, "unprocessed": []}
    flags = [data_of(client, who).get("MSG-dndPhone") for who in "abc"]
    assert flags == [True, True, None]
    assert [(e.name, e.identity, e.props) for e in clevertap_sandbox.events()] == [
        ("Channel Unsubscribed", "a", {"Channel": "phone"}),
        ("Channel Unsubscribed", "b", {"Channel": "phone"}),
    ]


def test_resubscribing(client: httpx.Client) -> None:
    accept(client, profile("a", {"Email": "a@example.test"}))
    record = {"type": "email", "value": "a@example.test"}
    post(client, "/1/subscribe", record | {"status": "Unsubscribe"})
    assert data_of(client, "a") == {"MSG-dndEmail": True}
    post(client, "/1/subscribe", record | {"status": "Resubscribe"})
    assert data_of(client, "a") == {"MSG-dndEmail": False}


@pytest.mark.parametrize(
    ("path", "record", "code"),
    [
        ("/1/subscribe", {"type": "phone", "value": "223", "status": "Unsubscribe"}, 516),
        ("/1/subscribe", {"type": "email", "value": "1234", "status": "Unsubscribe"}, 515),
        ("/1/subscribe", {"type": "email", "value": "a@b.co", "status": "Stop"}, 524),
        ("/1/subscribe", {"type": "email", "value": "a@b.co", "status": ["Unsubscribe"]}, 524),
        ("/1/subscribe", {"type": "whatsapp", "value": PHONE, "status": "Unsubscribe"}, 524),
        ("/1/subscribe", {"type": ["phone"], "value": PHONE, "status": "Unsubscribe"}, 524),
        ("/1/subscribe", "phone", 524),
        ("/1/disassociate", {"type": "email", "value": "a@b.co"}, 524),
        ("/1/disassociate", {"type": "phone", "value": 5}, 516),
    ],
)
def test_refused(client: httpx.Client, path: str, record: object, code: int) -> None:
    answer = post(client, path, record)
    assert (answer["status"], answer["processed"]) == ("fail", 0)
    (refused,) = answer["unprocessed"]
    assert (refused["code"], refused["record"]) == (code, record)
    assert refused["error"].endswith("Skipped record number : 1")


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(whatsapp_subscriptions=True)], indirect=True
)
def test_whatsapp(client: httpx.Client) -> None:
    accept(client, profile("a", {"Phone": PHONE}))
    record = {"type": "whatsapp", "value": PHONE, "status": "Unsubscribe"}
    assert post(client, "/1/subscribe", record)["processed"] == 1
    assert data_of(client, "a") == {"MSG-dndWhatsApp": True}


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(event_types=1))], indirect=True
)
def test_an_account_with_no_room_for_system_events(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, profile("a", {"Email": "a@example.test"}), event("a", "Viewed"))
    record = {"type": "email", "value": "a@example.test", "status": "Unsubscribe"}
    assert post(client, "/1/subscribe", record)["processed"] == 1
    assert data_of(client, "a") == {"MSG-dndEmail": True}
    assert [e.name for e in clevertap_sandbox.events()] == ["Viewed"]


def test_a_phone_number_changes_hands(client: httpx.Client) -> None:
    accept(client, profile(PHONE, {"x": 1, "Phone": PHONE, "identity": "a"}))

    answer = post(client, "/1/disassociate", {"type": "phone", "value": PHONE})

    assert answer == {"status": "success", "processed": 1, "unprocessed": []}
    assert read(client, "a") == {"identity": "a", "profileData": {"x": 1}, "events": {}}
    accept(client, profile(PHONE, {"y": 2}), event(PHONE, "Viewed"))
    assert data_of(client, PHONE) == {"y": 2}


def test_a_phone_number_that_is_no_identity_stays(client: httpx.Client) -> None:
    accept(client, profile("a", {"Phone": PHONE}))
    assert post(client, "/1/disassociate", {"type": "phone", "value": PHONE})["processed"] == 1
    record = read(client, "a")
    assert record is not None
    assert record["phone"] == 35922333232


@pytest.mark.parametrize("path", ["/1/subscribe", "/1/disassociate"])
def test_a_thousand_records_at_most(client: httpx.Client, path: str) -> None:
    assert post(client, path, *[1] * 1001)["error"] == "Too many records: 1001, the limit is 1000"
    assert client.post(path, content=b"{").json()["error"] == "Malformed request"
