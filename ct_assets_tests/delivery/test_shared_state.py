"""Hosts are folders here: each has its own CT_DATA_DIR, and they share a Postgres and a folder."""

import shutil
from pathlib import Path

import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import EVENTS, Sync, arrived, event, report


class Hosts:
    """Hosts that share a store; one at a time is this process."""

    def __init__(self, folder: Path, sandbox: SandboxInTest, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._patch = patch

    def on(self, name: str) -> Sync:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        self._patch.setenv("CT_DATA_DIR", str(folder))
        return Sync(folder, EVENTS, self._sandbox)

    def wipe(self, name: str) -> None:
        shutil.rmtree(self._folder / name)


@pytest.fixture
def hosts(
    tmp_path: Path,
    clevertap_sandbox: SandboxInTest,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Hosts:
    monkeypatch.setenv("CT_DATABASE_URL", database)
    monkeypatch.setenv("CT_STORE_URL", str(tmp_path / "bucket"))
    return Hosts(tmp_path, clevertap_sandbox, monkeypatch)


def test_a_host_with_an_empty_disk_knows_what_was_sent(
    hosts: Hosts, clevertap_sandbox: SandboxInTest
) -> None:
    rows = [event(str(n)) for n in range(3)]
    hosts.on("a").run(rows)
    hosts.wipe("a")

    result = hosts.on("b").run([*rows, event("3")])

    assert report(result) == [("3", "acked", None)]
    assert [each["evtData"] for each in arrived(clevertap_sandbox)] == [{}] * 4


def test_a_delivery_cut_short_is_settled_elsewhere(
    hosts: Hosts, clevertap_sandbox: SandboxInTest
) -> None:
    rows = [event(str(n)) for n in range(3)]
    hosts.on("a").run_until_fold(rows)
    hosts.wipe("a")

    result = hosts.on("b").run([*rows, event("3")])

    assert result.settled is not None
    assert result.settled.acked == 3
    assert len(arrived(clevertap_sandbox)) == 4
