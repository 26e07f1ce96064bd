import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.commands.foreign_projects import entered
from ct_assets_tests.commands.kit import Shop

VARIABLES = (
    "CLEVERTAP_ACCOUNT_ID",
    "CLEVERTAP_PASSCODE",
    "CLEVERTAP_REGION",
    "CLEVERTAP_API_URL",
    "DAGSTER_HOME",
)


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A project whose destination is a sandbox that has not run."""
    yield Shop(tmp_path)
    sys.path.remove(str(tmp_path))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One to put a project of somebody else into; commands run there."""
    (tmp_path / "kind-new").mkdir()
    with entered(tmp_path / "kind-new", monkeypatch) as entered_folder:
        yield entered_folder


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest) -> SandboxInTest:
    """An account that all syncs send to."""
    send_to(clevertap_sandbox, monkeypatch)
    return clevertap_sandbox
