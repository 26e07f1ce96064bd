from typing import Any

import httpx
import pytest

from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import (
    accept,
    data_of,
    event,
    object_id_of,
    profile,
    read,
)


def delete(client: httpx.Client, **whom: object) -> Any:
    return client.post("/1/delete/profiles.json", json=whom).json()


def demerge(client: httpx.Client, *identities: str) -> Any:
    return client.post("/1/demerge/profiles.json", json={"identities": list(identities)}).json()


def test_a_deleted_profile_takes_its_events_along(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, profile("a", {"x": 1}), event("a", "Viewed"), event("b", "Viewed"))
    assert delete(client, identity="a") == {"status": "success"}
    assert read(client, "a") is None
    assert [e.identity for e in clevertap_sandbox.events()] == ["b"]


def test_several_profiles_and_unknown_ones(client: httpx.Client) -> None:
    accept(client, profile("a"), profile("b"), profile("c"))
    assert delete(client, identity=["a", "b", "nobody"]) == {"status": "success"}
    assert [read(client, who) is None for who in "abc"] == [True, True, False]


def test_by_clevertaps_own_id(client: httpx.Client) -> None:
    accept(client, profile("a"))
    assert delete(client, guid=object_id_of(client, "a")) == {"status": "success"}
    assert read(client, "a") is None


def test_who_comes_back_is_somebody_new(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, profile("a", {"x": 1}))
    (before,) = clevertap_sandbox.profiles()
    delete(client, identity="a")
    accept(client, profile("a", {"y": 2}))
    (after,) = clevertap_sandbox.profiles()
    assert after.props == {"y": 2}
    assert after.pid != before.pid


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"identity": "a", "guid": "b"}, "Exactly one of identity or guid is required"),
        ({}, "Exactly one of identity or guid is required"),
        ({"identity": []}, "identity takes 1 to 100 strings"),
        ({"identity": ["a"] * 101}, "identity takes 1 to 100 strings"),
        ({"identity": 5}, "identity takes 1 to 100 strings"),
        ({"guid": ["a", None]}, "guid takes 1 to 100 strings"),
        ([], "Malformed request"),
    ],
)
def test_malformed(client: httpx.Client, body: object, error: str) -> None:
    answer = client.post("/1/delete/profiles.json", json=body)
    assert answer.status_code == 400
    assert answer.json() == {"status": "fail", "error": error, "code": 400}


@pytest.mark.parametrize("clevertap_sandbox", [Settings(delete_delay_seconds=60)], indirect=True)
def test_deletion_takes_its_time(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    sandbox = clevertap_sandbox.sandbox
    sandbox.clock = lambda: 1000.0
    accept(client, profile("a", {"x": 1}))
    delete(client, identity="a")
    assert data_of(client, "a") == {"x": 1}
    sandbox.clock = lambda: 1060.0
    assert read(client, "a") is None


def test_demerging_parts_the_devices(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    sandbox = clevertap_sandbox.sandbox
    sandbox.clock = lambda: 1000.0
    client.post("/sandbox/devices", json={"objectId": "__phone"})
    accept(client, profile("a", {"x": 1}, objectId="__phone"), event("a", "Viewed"))
    sandbox.clock = lambda: 1060.0
    client.post("/sandbox/devices", json={"objectId": "-ipad"})
    accept(client, profile("a", {}, objectId="-ipad", FBID="f"))

    assert demerge(client, "a") == {"status": "success"}

    assert read(client, "a") is None
    found = [
        client.get("/1/profile.json", params={"objectId": device}).json()["record"]
        for device in ("__phone", "-ipad")
    ]
    assert [one["profileData"] for one in found] == [{"x": 1}, {}]
    assert [list(one["events"]) for one in found] == [["Viewed"], []]
    accept(client, profile("a", {"y": 2}), event(None, "Back", FBID="f"))
    assert data_of(client, "a") == {"y": 2}


def test_demerging_wants_identities(client: httpx.Client) -> None:
    answer = client.post("/1/demerge/profiles.json", json={"identity": "a"})
    assert answer.json()["error"] == "Exactly one of identities is required"
