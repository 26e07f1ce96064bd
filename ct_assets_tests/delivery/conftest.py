from collections.abc import Iterator
from pathlib import Path

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import EVENTS, PROFILES, Sync


@pytest.fixture
def profiles(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> Iterator[Sync]:
    yield from opened(Sync(tmp_path, PROFILES, clevertap_sandbox))


@pytest.fixture
def events(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> Iterator[Sync]:
    yield from opened(Sync(tmp_path, EVENTS, clevertap_sandbox))


def opened(sync: Sync) -> Iterator[Sync]:
    with Client(sync.destination) as sync.client:
        yield sync
