import httpx
import pytest

from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.requests import (
    accept,
    codes,
    data_of,
    event,
    object_id_of,
    profile,
    read,
    upload,
)


def test_a_profile_is_read_as_clevertap_shows_it(client: httpx.Client) -> None:
    data = {
        "Name": "Ada Example",
        "Email": "ada@example.test",
        "Phone": "+351210000000",
        "DOB": "$D_631152000",
        "loyalty_tier": "gold",
        "visits": 7,
    }
    accept(
        client,
        profile("ada", data),
        event("ada", "Viewed", ts=1_700_000_900),
        event("ada", "Viewed", ts=1_700_000_000),
        event("ada", "Charged", {"Amount": 9.5}, ts=1_700_000_100),
    )

    assert read(client, "ada") == {
        "identity": "ada",
        "name": "Ada Example",
        "email": "ada@example.test",
        "phone": 351210000000,
        "profileData": {"DOB": "$D_631152000", "loyalty_tier": "gold", "visits": 7},
        "events": {
            "Viewed": {"count": 2, "first_seen": 1_700_000_000, "last_seen": 1_700_000_900},
            "Charged": {"count": 1, "first_seen": 1_700_000_100, "last_seen": 1_700_000_100},
        },
    }


@pytest.mark.parametrize("kind", ["identity", "FBID", "GPID"])
def test_an_unknown_identifier_makes_a_profile(
    client: httpx.Client, clevertap_sandbox: SandboxInTest, kind: str
) -> None:
    accept(client, {"type": "profile", kind: "one", "profileData": {"a": 1}})
    accept(client, {"type": "event", kind: "two", "evtName": "Viewed"})
    accept(client, {"type": "profile", kind: "one", "profileData": {"b": 2}})

    found = [(p.identifiers[0], p.props) for p in clevertap_sandbox.profiles()]
    assert found == [(f"{kind}:one", {"a": 1, "b": 2}), (f"{kind}:two", {})]


def test_an_object_id_selects_its_profile(client: httpx.Client) -> None:
    accept(client, profile("ada", {"a": 1}))
    accept(client, profile(None, {"b": 2}, objectId=object_id_of(client, "ada")))
    assert data_of(client, "ada") == {"a": 1, "b": 2}


def test_a_device_becomes_known_by_opening_the_app(client: httpx.Client) -> None:
    record = profile(None, {"a": 1}, objectId="__phone")
    assert codes(upload(client, record)) == [526]
    client.post("/sandbox/devices", json={"objectId": "__phone", "identity": "ada"})
    accept(client, record)
    assert data_of(client, "ada") == {"a": 1}


@pytest.mark.parametrize("clevertap_sandbox", [Settings(unknown_object_id="create")], indirect=True)
def test_an_unknown_object_id_may_make_a_profile(client: httpx.Client) -> None:
    accept(client, profile(None, {"a": 1}, objectId="__phone"))
    answer = client.get("/1/profile.json", params={"objectId": "__phone"}).json()
    assert answer["record"]["platformInfo"] == [{"platform": "Android", "objectId": "__phone"}]


def test_four_identifiers_are_one_person(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(client, profile("ada", {"n": 1}, FBID="f", GPID="g"))
    object_id = object_id_of(client, "ada")
    accept(
        client,
        profile(None, {"f": 1}, FBID="f"),
        profile(None, {"g": 1}, GPID="g"),
        profile(None, {"o": 1}, objectId=object_id),
        event(None, "Viewed", FBID="f"),
    )
    (person,) = clevertap_sandbox.profiles()
    assert person.identifiers == (
        "FBID:f",
        "GPID:g",
        "identity:ada",
        f"objectId:{object_id}",
    )
    assert person.props == {"n": 1, "f": 1, "g": 1, "o": 1}
    assert [e.identity for e in clevertap_sandbox.events()] == ["ada"]


def test_linking_two_profiles_merges_them(
    client: httpx.Client, clevertap_sandbox: SandboxInTest
) -> None:
    accept(
        client,
        profile("ada", {"tier": "gold", "a": 1}),
        event("ada", "Viewed"),
        profile("anon-7", {"tier": "none", "b": 2}),
        event("anon-7", "Viewed"),
        event("anon-7", "Left"),
    )

    accept(client, profile("ada", {"identity": "anon-7"}), event("anon-7", "Back"))

    (person,) = clevertap_sandbox.profiles()
    assert person.props == {"tier": "gold", "a": 1, "b": 2}
    assert [(e.name, e.identity) for e in clevertap_sandbox.events()] == [
        ("Viewed", "ada"),
        ("Viewed", "ada"),
        ("Left", "ada"),
        ("Back", "ada"),
    ]
    assert read(client, "ada") == read(client, "anon-7")


def test_who_comes_after_a_merge(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, event("a", "Viewed"), event("b", "Viewed"))
    accept(client, profile("a", {"identity": "b"}))
    accept(client, event("c", "Viewed"))
    assert [p.identity for p in clevertap_sandbox.profiles()] == ["a", "c"]


def test_merging_within_one_upload(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(
        client,
        event("a", "one"),
        event("b", "two"),
        profile("a", {"x": 1, "identity": "b"}),
        event("b", "three"),
        profile("b", {"y": 2}),
    )
    assert [p.props for p in clevertap_sandbox.profiles()] == [{"x": 1, "y": 2}]
    assert len({e.identifiers for e in clevertap_sandbox.events()}) == 1


def test_object_id_beside_identity_selects_and_links(client: httpx.Client) -> None:
    client.post("/sandbox/devices", json={"objectId": "-ipad"})
    accept(client, profile("ada", {"a": 1}, objectId="-ipad"))
    answer = client.get("/1/profile.json", params={"objectId": "-ipad"}).json()
    assert answer["record"]["identity"] == "ada"
    assert answer["record"]["platformInfo"] == [{"platform": "iOS", "objectId": "-ipad"}]


def test_an_alias_needs_no_other_property(client: httpx.Client) -> None:
    accept(client, profile("old", {"a": 1}), profile("old", {"identity": "new"}))
    assert data_of(client, "new") == {"a": 1}


def test_numeric_identities_are_texts(client: httpx.Client) -> None:
    accept(client, profile(42, {"a": 1}), profile("42", {"b": 2}))
    assert data_of(client, "42") == {"a": 1, "b": 2}


def test_email_finds_a_profile(client: httpx.Client) -> None:
    accept(client, profile("ada", {"Email": "ada@example.test"}))
    answer = client.get("/1/profile.json", params={"email": "ada@example.test"}).json()
    assert answer["record"]["identity"] == "ada"


def test_somebody_unknown_is_null(client: httpx.Client) -> None:
    answer = client.get("/1/profile.json", params={"identity": "nobody"})
    assert answer.json() == {"status": "success", "record": None}


@pytest.mark.parametrize("query", ["", "?identity=a&email=b", "?phone=1"])
def test_one_key_is_wanted(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/1/profile.json{query}")
    assert answer.status_code == 400
    assert answer.json()["error"] == "Exactly one of identity, email and objectId is required"
