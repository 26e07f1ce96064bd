import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import EVENTS, PROFILES, Sync
from ct_assets_tests.delivery.segment_kit import ListServer, SegmentSync, list_server


class Hosts:
    """Hosts that share a store; one at a time is this process."""

    def __init__(self, folder: Path, sandbox: SandboxInTest, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._patch = patch
        self._clients = contextlib.ExitStack()
        self._client: Client | None = None

    def on(self, name: str) -> Sync:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        self._patch.setenv("CT_DATA_DIR", str(folder))
        sync = Sync(folder, EVENTS, self._sandbox)
        self._client = self._client or self._clients.enter_context(Client(sync.destination))
        sync.client = self._client
        return sync

    def close(self) -> None:
        self._clients.close()

    @property
    def bucket(self) -> Path:
        return self._folder / "bucket"

    def wipe(self, name: str) -> None:
        shutil.rmtree(self._folder / name)


@pytest.fixture
def hosts(
    tmp_path: Path,
    clevertap_sandbox: SandboxInTest,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Hosts]:
    monkeypatch.setenv("CT_DATABASE_URL", database)
    monkeypatch.setenv("CT_STORE_URL", str(tmp_path / "bucket"))
    made = Hosts(tmp_path, clevertap_sandbox, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def profiles(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> Iterator[Sync]:
    yield from opened(Sync(tmp_path, PROFILES, clevertap_sandbox))


@pytest.fixture
def events(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> Iterator[Sync]:
    yield from opened(Sync(tmp_path, EVENTS, clevertap_sandbox))


def opened(sync: Sync) -> Iterator[Sync]:
    with Client(sync.destination) as sync.client:
        yield sync


@pytest.fixture
def server() -> Iterator[ListServer]:
    with list_server() as served:
        yield served


@pytest.fixture
def buyers(tmp_path: Path, server: ListServer) -> Iterator[SegmentSync]:
    sync = SegmentSync(tmp_path, server)
    with Client(sync.destination) as sync.client:
        yield sync
