import copy
import pickle
import traceback

import pytest
from pydantic import SecretStr

from ct_assets.clevertap.destination import (
    Destination,
    DestinationError,
    account_key,
    sandbox_destination,
)
from ct_assets_tests.clevertap.account import destination_from_env

ACCOUNT = {"CLEVERTAP_ACCOUNT_ID": "ABC-DEF-GHIJ", "CLEVERTAP_PASSCODE": "s3cret-passcode"}


def from_env(**more: str) -> Destination:
    destination = destination_from_env(environ=ACCOUNT | more)
    assert destination is not None
    return destination


def test_nothing_set_means_the_sandbox() -> None:
    assert destination_from_env(environ={}) is None
    assert destination_from_env(environ={"CLEVERTAP_PASSCODE": " "}) is None
    assert destination_from_env("EMEA", environ=ACCOUNT | {"CLEVERTAP_REGION": "eu1"}) is None


def test_what_is_meant_can_be_said() -> None:
    region = {"CLEVERTAP_REGION": "in1"}
    assert from_env(CT_DESTINATION="account", **region).is_account
    assert not from_env(CLEVERTAP_API_URL="http://127.0.0.1:8081").is_account
    assert destination_from_env(environ=ACCOUNT | region | {"CT_DESTINATION": "sandbox"}) is None
    with pytest.raises(DestinationError, match=r"^CT_DESTINATION='prod': write account or sandbox"):
        destination_from_env(environ={"CT_DESTINATION": "prod"})
    with pytest.raises(DestinationError) as raised:
        destination_from_env("EMEA", {"CT_DESTINATION": "account"})
    assert str(raised.value) == (
        "CT_DESTINATION is account, and no account is named: set EMEA_CLEVERTAP_ACCOUNT_ID, "
        "EMEA_CLEVERTAP_PASSCODE and EMEA_CLEVERTAP_REGION in the environment of the process that "
        "runs the sync, or CT_DESTINATION=sandbox if that is meant"
    )


def test_region_names_host_and_state() -> None:
    assert from_env(CLEVERTAP_REGION="in1") == Destination(
        name="in1-ABC-DEF-GHIJ",
        base_url="https://in1.api.clevertap.com",
        account_id="ABC-DEF-GHIJ",
        passcode=SecretStr("s3cret-passcode"),
    )


def test_named_account_has_names_with_its_prefix() -> None:
    environ = {f"EMEA_{name}": value for name, value in ACCOUNT.items()}

    destination = destination_from_env("EMEA", environ | {"EMEA_CLEVERTAP_REGION": "EU1"})

    assert destination is not None
    assert destination.name == "eu1-ABC-DEF-GHIJ"


@pytest.mark.parametrize(
    ("url", "base_url", "name"),
    [
        ("https://api.clevertap.com", "https://api.clevertap.com", "eu1-ABC-DEF-GHIJ"),
        ("https://SG1.api.clevertap.com/", "https://sg1.api.clevertap.com", "sg1-ABC-DEF-GHIJ"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081", "127.0.0.1_8081-ABC-DEF-GHIJ"),
        ("http://[::1]:8081/", "http://[::1]:8081", "__1_8081-ABC-DEF-GHIJ"),
        ("http://localhost", "http://localhost", "localhost_80-ABC-DEF-GHIJ"),
        ("https://eu1", "https://eu1", "eu1_443-ABC-DEF-GHIJ"),
        (
            "https://gate.example.test/clevertap/",
            "https://gate.example.test/clevertap",
            "gate.example.test_443_clevertap-ABC-DEF-GHIJ",
        ),
    ],
)
def test_url(url: str, base_url: str, name: str) -> None:
    destination = from_env(CLEVERTAP_API_URL=url)

    assert (destination.base_url, destination.name) == (base_url, name)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"CLEVERTAP_ACCOUNT_ID": "ABC"},
            "CLEVERTAP_ACCOUNT_ID set, but not CLEVERTAP_PASSCODE, CLEVERTAP_REGION "
            "(or CLEVERTAP_API_URL): set what is missing, or none of them to send to the sandbox",
        ),
        (
            {"CLEVERTAP_REGION": "eu1", "CLEVERTAP_PASSCODE": "s3cret-passcode"},
            "CLEVERTAP_PASSCODE, CLEVERTAP_REGION set, but not CLEVERTAP_ACCOUNT_ID: "
            "set what is missing, or none of them to send to the sandbox",
        ),
        (
            ACCOUNT | {"CLEVERTAP_REGION": "eu2"},
            "CLEVERTAP_REGION='eu2' is not a CleverTap region; "
            "use one of eu1, in1, sg1, us1, aps3, mec1",
        ),
        (
            ACCOUNT | {"CLEVERTAP_REGION": "eu1", "CLEVERTAP_API_URL": "http://127.0.0.1:1"},
            "CLEVERTAP_REGION and CLEVERTAP_API_URL are both set; keep one: the region for a "
            "CleverTap account, the URL for another server with the same API",
        ),
        (
            ACCOUNT | {"CLEVERTAP_API_URL": "http://example.test:8080"},
            "CLEVERTAP_API_URL is http to example.test; only https is used, except on loopback, "
            "because records hold personal data: write https://example.test:8080",
        ),
        (
            ACCOUNT | {"CLEVERTAP_API_URL": "https://me:s3cret-passcode@example.test"},
            "CLEVERTAP_API_URL must be an address alone, such as https://in1.api.clevertap.com: "
            "leave out user name, password, ? and #",
        ),
        (
            ACCOUNT | {"CLEVERTAP_API_URL": "in1.api.clevertap.com"},
            "CLEVERTAP_API_URL is not a web address; write it as https://in1.api.clevertap.com",
        ),
        (
            ACCOUNT | {"CLEVERTAP_API_URL": "https://s3cret-passcode:x"},
            "CLEVERTAP_API_URL is not a web address; write it as https://in1.api.clevertap.com",
        ),
        (
            ACCOUNT | {"CLEVERTAP_REGION": "eu1", "CLEVERTAP_ACCOUNT_ID": "../x"},
            "CLEVERTAP_ACCOUNT_ID may hold letters, digits, - and _ only, as in ABC-DEF-GHIJ; "
            "copy it from Settings > Project in the CleverTap dashboard",
        ),
        (
            ACCOUNT | {"CLEVERTAP_REGION": "eu1", "CLEVERTAP_PASSCODE": "s3cret-passcode\u00e9"},
            "CLEVERTAP_PASSCODE holds characters that a passcode cannot have; copy it anew",
        ),
    ],
)
def test_mistakes_say_what_to_write(environ: dict[str, str], message: str) -> None:
    with pytest.raises(DestinationError) as caught:
        destination_from_env(environ=environ)

    assert str(caught.value) == message
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))


def test_passcode_stays_hidden() -> None:
    destination = from_env(CLEVERTAP_REGION="eu1")

    assert "s3cret" not in f"{destination!r} {destination} {destination.__dict__}"
    assert destination.passcode.get_secret_value() == "s3cret-passcode"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(destination)
    with pytest.raises(TypeError, match="not pickled"):
        copy.deepcopy(destination)


def test_sandbox_is_a_destination_of_its_own() -> None:
    assert sandbox_destination("http://127.0.0.1:5000/", "1f2e") == Destination(
        name="sandbox-1f2e",
        base_url="http://127.0.0.1:5000",
        account_id="SANDBOX",
        passcode=SecretStr("sandbox"),
        is_sandbox=True,
    )


@pytest.mark.parametrize(
    ("name", "other", "is_one"),
    [
        ("127.0.0.1_8080-ABC-DEF", "localhost_8080-ABC-DEF", True),
        ("127.0.0.1_8080-ABC-DEF", "__1_8080-ABC-DEF", True),
        ("127.0.0.1_8080-ABC-DEF", "127.0.0.1_8080-abc-def", True),
        ("127.0.0.1_8080-ABC-DEF", "127.0.0.1_8081-ABC-DEF", False),
        ("127.0.0.1_8080-ABC-DEF", "eu1-ABC-DEF", False),
        ("eu1-ABC-DEF", "proxy.shop.example_443-ABC-DEF", True),
        ("eu1-ABC-DEF", "in1-abc-def", True),
        ("eu1-ABC-DEF", "eu1-TEST-ABC-DEF", False),
        ("sandbox-1", "sandbox-2", False),
    ],
)
def test_an_account_is_one_however_it_is_reached(name: str, other: str, *, is_one: bool) -> None:
    assert (account_key(name) == account_key(other)) == is_one
