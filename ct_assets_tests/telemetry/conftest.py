from collections.abc import Iterator
from pathlib import Path

import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.telemetry import collector
from ct_assets_tests.delivery.kit import PROFILES, Sync
from ct_assets_tests.telemetry.receiver import Receiver, receiving


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with receiving() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        yield received
        if made := collector.collector():
            made.close()


@pytest.fixture
def profiles(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> Sync:
    return Sync(tmp_path, PROFILES, clevertap_sandbox)
