import httpx
import pytest

from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import Request, SandboxInTest
from ct_assets_tests.sandbox.requests import accept, event, profile


def test_what_a_test_sees(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, event("b", "Viewed", {"n": 1}, ts=5), profile("a", {"x": 1}))
    accept(client, event("b", "Viewed", {"n": 2}, ts=4))

    events = clevertap_sandbox.events()
    assert [(e.seq, e.request, e.position, e.name, e.ts, e.identity) for e in events] == [
        (1, 1, 0, "Viewed", 5, "b"),
        (2, 2, 0, "Viewed", 4, "b"),
    ]
    assert [(p.identity, p.props) for p in clevertap_sandbox.profiles()] == [
        ("b", {}),
        ("a", {"x": 1}),
    ]
    first, second = clevertap_sandbox.requests()
    assert first.sent[1] == {"type": "profile", "identity": "a", "profileData": {"x": 1}}
    assert second == Request(
        number=2,
        method="POST",
        path="/1/upload",
        query="",
        status=200,
        records=1,
        refused=0,
        in_flight=1,
        fault=None,
        body=second.body,
    )
    assert clevertap_sandbox.max_in_flight_seen == 1


def test_each_test_has_its_own(clevertap_sandbox: SandboxInTest) -> None:
    assert clevertap_sandbox.profiles() == []
    assert clevertap_sandbox.requests() == []


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(account_id="TEST-1", keep_bodies=1)], indirect=True
)
def test_settings(client: httpx.Client, clevertap_sandbox: SandboxInTest) -> None:
    accept(client, profile("a"))
    accept(client, profile("b"))
    assert clevertap_sandbox.account_id == "TEST-1"
    assert [bool(r.body) for r in clevertap_sandbox.requests()] == [False, True]
