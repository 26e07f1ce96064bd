import httpx
import pytest

from ct_assets.sandbox.faults import Plan
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.sandbox.page.conftest import Visit
from ct_assets_tests.sandbox.page.html import read


def test_a_switch_and_its_share(
    clevertap_sandbox: SandboxInTest, client: httpx.Client, visit: Visit
) -> None:
    form = {"action": "chances", "on": ["429", "503"], "rate-429": "12.5", "rate-503": "50"}

    answer = client.post("/faults", data={**form, "latency": "40", "jitter": "10", "seed": "7"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/faults")
    assert clevertap_sandbox.faults.plan == Plan(
        rates={"429": 0.125, "503": 0.5}, latency_seconds=0.04, jitter_seconds=0.01, seed=7
    )
    page = visit("/faults")
    assert page.fields["rate-429"] == "12.5"
    assert "on-revoked" not in page.fields
    said = "Faults are on: 429 for 12 %; 503 for 50 %; 40 to 50 ms before each answer."
    assert said in page.text
    assert said in visit("/profiles").text


def test_a_script_goes_on_when_a_switch_is_turned(
    clevertap_sandbox: SandboxInTest, client: httpx.Client
) -> None:
    client.post("/faults", data={"action": "script", "script": "429, 503 ok"})
    assert client.post("/1/upload", json={"d": []}).status_code == 429

    client.post("/faults", data={"action": "chances", "on": "500", "rate-500": ""})

    assert clevertap_sandbox.faults.left == ("503", "ok")
    assert clevertap_sandbox.faults.plan.rates == {"500": 1.0}


def test_presets(clevertap_sandbox: SandboxInTest, client: httpx.Client) -> None:
    client.post("/faults", data={"action": "down"})
    assert clevertap_sandbox.faults.plan.rates == {"503": 1.0}

    client.post("/faults", data={"action": "calm"})
    assert clevertap_sandbox.faults.plan == Plan()


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (
            {"action": "chances", "on": ["429", "500"], "rate-429": "60", "rate-500": "70"},
            "The shares add up to 130 %",
        ),
        ({"action": "chances", "on": "429", "rate-429": "lots"}, "is not a number: 'lots'"),
        ({"action": "chances", "on": "429", "rate-429": "nan"}, "takes a number from 0"),
        ({"action": "chances", "on": "429", "rate-429": "-1"}, "takes a number from 0"),
        ({"action": "script", "script": "ok 666"}, "No fault is named '666'"),
    ],
)
def test_what_was_entered_wrong_changes_nothing(
    clevertap_sandbox: SandboxInTest, client: httpx.Client, form: dict[str, str], problem: str
) -> None:
    answer = client.post("/faults", data=form)

    page = read(answer)
    assert page.status == 422
    assert problem in page.text
    assert page.fields.get("rate-429", "") == (form.get("rate-429", ""))
    assert clevertap_sandbox.faults.plan == Plan()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://elsewhere.test"},
        {"Origin": "null"},
        {"Host": "elsewhere.test"},
    ],
)
def test_other_sites_turn_no_switch(
    clevertap_sandbox: SandboxInTest, client: httpx.Client, headers: dict[str, str]
) -> None:
    answer = client.post("/faults", data={"action": "down"}, headers=headers)

    assert answer.status_code == 403
    assert clevertap_sandbox.faults.plan == Plan()


def test_a_form_too_large(client: httpx.Client) -> None:
    assert client.post("/faults", content=b"x" * 200_000).status_code == 413
