from pathlib import Path

import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components.automation.automation_kit import CSV
from ct_assets_tests.components.automation.partitions_kit import INVOICES


@pytest.fixture
def customer_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file that the sources of the kit read, in a project with a data folder of its own."""
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "customer.csv").write_text(CSV)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest) -> Path:
    """A folder with the invoices of the kit, and the sandbox as the account."""
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    (tmp_path / "invoice.csv").write_bytes(INVOICES.read_bytes())
    return tmp_path
