"""The codes that need something known beforehand, and what the judging of values leaves alone."""

from typing import Any

import httpx
import pytest

from ct_assets.sandbox.judge.event_checks import canonical
from ct_assets.sandbox.judge.profile_checks import is_age, is_email
from ct_assets.sandbox.judge.token_checks import platform_of
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets_tests.sandbox.requests import accept, upload

KEYS = {"p256dh": "k", "auth": "a"}


def token(object_id: str = "__phone", **data: object) -> dict[str, Any]:
    return {"type": "token", "objectId": object_id, "tokenData": data}


@pytest.fixture
def devices(client: httpx.Client) -> httpx.Client:
    for object_id in ("__phone", "-a", "~tablet", "browser"):
        client.post("/sandbox/devices", json={"objectId": object_id})
    return client


@pytest.mark.parametrize(
    ("record", "code", "what"),
    [
        (token("__other", id="t", type="fcm"), 530, "objectId is invalid"),
        ({"type": "token", "objectId": "__phone"}, 531, "Token data is invalid"),
        (token(id=5, type="fcm"), 531, "Token data is invalid"),
        (token(id="t", type=["fcm"]), 531, "Token data is invalid"),
        (token(type="fcm"), 532, "Token id is missing"),
        (token(id="t"), 533, "Token type is missing"),
        (token(id="t", type="apns"), 534, "Token type does not fit the platform of objectId"),
        (
            token("-a", id="t", type="fcm"),
            534,
            "Token type does not fit the platform of objectId",
        ),
        (token(id="t", type="carrier pigeon"), 535, "Token is invalid"),
        (token("browser", id="t", type="chrome"), 535, "Token is invalid"),
    ],
)
def test_refused_tokens(
    devices: httpx.Client, record: dict[str, Any], code: int, what: str
) -> None:
    (refused,) = upload(devices, record)["unprocessed"]
    assert refused == {
        "status": "fail",
        "code": code,
        "error": f"Device token is incorrect. ErrorCode: {code} - {what}."
        " Skipped record number : 1",
        "record": record,
    }


def test_tokens_are_shown_with_their_device(devices: httpx.Client) -> None:
    accept(
        devices,
        token(id="t1", type="gcm"),
        token("-a", id="t2", type="apns"),
        token("~tablet", id="t3", type="wns"),
        token("browser", id="t4", type="chrome", keys=KEYS),
    )
    accept(devices, token(id="t5", type="fcm"))

    def platform(object_id: str) -> dict[str, str]:
        answer = devices.get("/1/profile.json", params={"objectId": object_id}).json()
        found: dict[str, str] = answer["record"]["platformInfo"][0]
        return found

    assert platform("__phone") == {
        "platform": "Android",
        "push_token": "t5",
        "objectId": "__phone",
    }
    assert platform("-a")["push_token"] == "t2"
    assert platform("~tablet")["platform"] == "Windows"
    assert platform("browser") == {"platform": "Web", "push_token": "t4", "objectId": "browser"}


@pytest.mark.parametrize(
    "clevertap_sandbox",
    [Settings(token_types=frozenset({"apns", "fcm", "gcm"}))],
    indirect=True,
)
def test_fewer_types_of_tokens(devices: httpx.Client) -> None:
    (refused,) = upload(devices, token("~tablet", id="t", type="wns"))["unprocessed"]
    assert refused["code"] == 535


@pytest.mark.parametrize(
    ("email", "valid"),
    [
        ("ada@example.test", True),
        ("a.b+c@sub.example.co", True),
        ("ü@exämple.de", True),
        ("1234", False),
        ("$$$$$", False),
        ("a@b", False),
        ("a@b..c", False),
        ("a b@example.test", False),
        ("a@@example.test", False),
        ("", False),
        (5, False),
    ],
)
def test_is_email(email: Any, valid: bool) -> None:  # noqa: FBT001 - a table
    assert is_email(email) is valid


@pytest.mark.parametrize(
    ("age", "valid"),
    [
        ("18", True),
        (18, True),
        (18.5, True),
        ("18.5", True),
        ("aa", False),
        ("", False),
        (True, False),
        ([18], False),
        ("1e3", False),
    ],
)
def test_is_age(age: Any, valid: bool) -> None:  # noqa: FBT001 - a table
    assert is_age(age) is valid


@pytest.mark.parametrize(
    ("object_id", "platform"),
    [
        ("-x", "iOS"),
        ("-hx", "iOS"),
        ("__x", "Android"),
        ("__hx", "Android"),
        ("~x", "Windows"),
        ("_w_x", "Web"),
        ("x", "Web"),
    ],
)
def test_platform_of(object_id: str, platform: str) -> None:
    assert platform_of(object_id) == platform


def test_canonical_names() -> None:
    assert canonical(" Product\tViewed ") == canonical("productVIEWED") == "productviewed"
