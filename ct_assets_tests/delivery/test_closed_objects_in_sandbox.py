"""Device tokens and subscriptions as CleverTap judges them: codes, dry runs, people reached."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery import Policy
from ct_assets.delivery.dry_run import DryRunClient, dry_run
from ct_assets.errors import UserError
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.closed_objects_kit import (
    SUBSCRIPTIONS,
    TOKENS,
    row,
    subscription,
    token,
)
from ct_assets_tests.delivery.kit import Sync, arrived, report

pytestmark = pytest.mark.sampled(2)


@pytest.fixture
def tokens(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> Iterator[Sync]:
    sync = Sync(tmp_path, TOKENS, clevertap_sandbox)
    for object_id in ("__a", "__b", "-c", "w"):
        device = {"objectId": object_id, "identity": f"person {object_id}"}
        httpx.post(f"{clevertap_sandbox.url}/sandbox/devices", json=device).raise_for_status()
    with Client(sync.destination) as sync.client:
        yield sync


def test_the_codes_of_tokens(tokens: Sync) -> None:
    result = tokens.run(
        [
            token("__a", "t1"),
            token("__b", "t2", "apns"),
            token("-c", "t3", "apns"),
            token("__unknown", "t4"),
            token("w", "t5", "chrome"),
        ]
    )

    assert report(result) == [
        ("-c", "acked", None),
        ("__a", "acked", None),
        ("__b", "refused", "534"),
        ("__unknown", "refused", "530"),
        ("w", "refused", "535"),
    ]
    assert len(tokens.sandbox.requests()) == 1
    again = tokens.run([token("__b", "t2", "apns"), token("__b2", "t")])
    assert again.counts.held == {"refused": 1}


def test_a_dry_run_of_tokens_keeps_none(tokens: Sync) -> None:
    with DryRunClient(tokens.destination) as client:
        result = dry_run(tokens.request([token("__a", "t1"), token("__unknown", "t4")]), client)

    assert (result.accepted, result.refused) == (1, {"530": 1})
    assert tokens.sandbox.requests()[-1].query == "dryRun=1"


def test_subscriptions_have_no_dry_run(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> None:
    sync = Sync(tmp_path, SUBSCRIPTIONS, clevertap_sandbox)
    with DryRunClient(sync.destination) as client, pytest.raises(UserError) as raised:
        dry_run(sync.request([subscription("a@example.org")]), client)

    assert "CleverTap has no dry run for a subscription" in str(raised.value)
    assert clevertap_sandbox.requests() == []


def test_everybody_with_the_address_is_unsubscribed(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    people = Policy(sync="people", object="profile", declaration="d1")
    sync = Sync(tmp_path, people, clevertap_sandbox)
    record = {"type": "profile", "profileData": {"Email": "a@example.org"}}
    sync.run([row("identity", name, {**record, "identity": name}) for name in "12"])

    Sync(tmp_path, SUBSCRIPTIONS, clevertap_sandbox).run([subscription("a@example.org")])

    flags = [profile.props.get("MSG-dndEmail") for profile in clevertap_sandbox.profiles()]
    assert flags == [True, True]
    assert arrived(clevertap_sandbox)[-1] == {
        "type": "email",
        "value": "a@example.org",
        "status": "Unsubscribe",
    }
