from pathlib import Path

import pytest

from ct_assets.delivery.state.sync_files import STATE
from ct_assets.errors import mask
from ct_assets.sandbox.faults import Plan
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, Shop

pytestmark = pytest.mark.sampled(8)

EMAIL = "ada@example.org"


def files_with(text: str, *folders: Path) -> list[Path]:
    found = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
    return [path for path in found if text.encode() in path.read_bytes()]


@pytest.fixture
def sent(shop: Shop, account: SandboxInTest) -> Shop:
    """Two people, one purchase each, and an older snapshot beside the current one."""
    assert shop.run("customers")
    shop.write("customer.csv", CUSTOMER + "5,Eve,eve@example.org\n")
    assert shop.run("customers")
    assert shop.run("purchases")
    assert [p.identity for p in account.profiles()] == ["1", "2", "5"]
    return shop


def test_a_person_is_erased_everywhere_and_stays_away(sent: Shop, account: SandboxInTest) -> None:
    said = sent.said("forget", "--identity", " 1 ", "--yes")

    assert f"{mask('1')} is forgotten; rows that name them are held back" in said
    assert [p.identity for p in account.profiles()] == ["2", "5"]
    assert files_with(EMAIL, sent.data / "staging", sent.data / "state") == []
    assert sent.json("plan", "customers")["report"]["held"] == {"forgotten": 1}
    assert sent.json("plan", "purchases")["report"]["held"] == {"forgotten": 1}
    assert sent.run("customers")
    assert [p.identity for p in account.profiles()] == ["2", "5"]


def test_an_erasure_is_lifted(sent: Shop, account: SandboxInTest) -> None:
    sent.said("forget", "--identity", "1", "--yes")

    said = sent.said("forget", "--lift", "--identity", "1", "--yes")

    assert said.startswith(f"{mask('1')} is forgotten no more (")
    assert sent.json("plan", "customers")["report"]["held"] == {}
    assert sent.run("customers")
    assert [p.identity for p in account.profiles()] == ["2", "5", "1"]
    again = sent.call("forget", "--lift", "--identity", "1", "--yes")
    assert again.output == (
        f"Error: {mask('1')} is not forgotten at any destination; is the --kind right?\n"
    )


def test_a_rejected_row_is_erased_too(sent: Shop) -> None:
    assert files_with("evelyn at example.org", sent.data / "staging")

    sent.said("forget", "--identity", "3", "--yes")

    assert files_with("evelyn at example.org", sent.data / "staging") == []
    assert files_with(EMAIL, sent.data / "staging")


def test_state_of_an_account_without_credentials_is_erased_too(
    sent: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLEVERTAP_API_URL", "CLEVERTAP_ACCOUNT_ID", "CLEVERTAP_PASSCODE"):
        monkeypatch.delenv(name)
    (home,) = {path.parent.parent for path in (sent.data / "state").rglob(STATE)}

    said = sent.said("forget", "--identity", "1", "--yes")

    assert f"{home.name}: 2 rows of state" in said
    assert "not deleted there: no credentials for it are set" in said
    assert files_with(EMAIL, sent.data / "staging", sent.data / "state") == []


def test_nothing_happens_before_a_yes(sent: Shop, account: SandboxInTest) -> None:
    before = sent.digests("state", "staging")

    result = sent.call("forget", "--identity", "1", entered="n\n")

    assert result.exit_code == 1
    assert "This cannot be undone. [y/N]" in result.output
    assert sent.digests("state", "staging") == before
    assert len(account.profiles()) == 3


def test_an_unconfirmed_deletion_is_told(sent: Shop, account: SandboxInTest) -> None:
    account.faults.replace(Plan(script=("503",), paths=("/1/delete/profiles.json",)))

    result = sent.call("forget", "--identity", "1", "--yes")

    assert result.exit_code == 1
    assert "CleverTap did not confirm the deletion (HTTP 503)" in result.output
    assert files_with(EMAIL, sent.data / "staging", sent.data / "state") == []
    assert sent.call("forget", "--identity", "1", "--yes").exit_code == 0


def test_nobody_is_not_erased(shop: Shop) -> None:
    result = shop.call("forget", "--identity", " ", "--yes")

    assert result.exit_code == 1
    assert "--identity is empty" in result.output


def test_where_nothing_was_ever_sent_nobody_is_said_to_be_forgotten(shop: Shop) -> None:
    result = shop.call("forget", "--identity", "1", "--yes")

    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert f"nothing was ever sent from {shop.data}, and no credentials are set" in said
    assert "is forgotten" not in said
