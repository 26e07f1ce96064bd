import pytest

from ct_assets.components.alerts.channel import AlertError
from ct_assets.components.alerts.webhook import Webhook


def test_it_is_off_without_a_url() -> None:
    assert not Webhook().enabled({})
    assert Webhook().enabled({"CT_ALERTS_URL": "https://hooks.example/secret"})
    assert Webhook(url="https://hooks.example/secret").enabled({})


def test_runs_are_linked_where_people_open_dagster() -> None:
    assert Webhook().link("r1", {}) == "http://127.0.0.1:3000/runs/r1"
    assert Webhook().link("r1", {"CT_DAGSTER_URL": "https://d.example/"}) == (
        "https://d.example/runs/r1"
    )


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("hooks.example/secret", "is not a web address"),
        ("https://[secret", "is not a web address"),
        ("http://hooks.example/secret", "is http to hooks.example; only https is used"),
        ("http://127.0.0.1:1/secret", "the webhook at 127.0.0.1 cannot be reached (ConnectError)"),
    ],
)
def test_an_address_that_will_not_do_is_refused_without_its_secret(url: str, why: str) -> None:
    with pytest.raises(AlertError) as caught:
        Webhook(url=url).tell("hello")

    assert why in str(caught.value)
    assert "secret" not in str(caught.value)
