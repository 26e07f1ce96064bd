from collections.abc import Iterator

import httpx
import pytest

from ct_assets.sandbox.testing import SandboxInTest


@pytest.fixture
def client(clevertap_sandbox: SandboxInTest) -> Iterator[httpx.Client]:
    """A plain HTTP client with the sandbox's credentials."""
    headers = {
        "X-CleverTap-Account-Id": clevertap_sandbox.account_id,
        "X-CleverTap-Passcode": clevertap_sandbox.passcode,
    }
    with httpx.Client(base_url=clevertap_sandbox.url, headers=headers, timeout=10) as client:
        yield client
