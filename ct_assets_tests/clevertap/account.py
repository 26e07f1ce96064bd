"""The account that variables name: reads it, or has it be a sandbox."""

import os
import uuid
from collections.abc import Mapping

import pytest

from ct_assets.clevertap.destination import AccountSettings, Destination, named_destination
from ct_assets.sandbox.testing import SandboxInTest, Settings


def destination_from_env(
    prefix: str | None = None, environ: Mapping[str, str] = os.environ
) -> Destination | None:
    return named_destination(AccountSettings.of_environment(prefix, environ), environ)


def send_to(sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has a test send to the sandbox, as to an account."""
    monkeypatch.setenv("CLEVERTAP_API_URL", sandbox.url)
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", sandbox.account_id)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", sandbox.passcode)


def own_account() -> Settings:
    """A sandbox of an account that no test had before, for tests that start processes.

    The host notes which state delivers to an account, and ports are given out again.
    """
    return Settings(account_id=f"TEST-{uuid.uuid4().hex[:8].upper()}")
