"""`ct-assets state`, as a person who has lost a file calls it."""

import shutil
from pathlib import Path

import pytest

from ct_assets.delivery.sender.limits import account_slots
from ct_assets.delivery.state.sync_files import STATE
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import PURCHASE, Shop

pytestmark = pytest.mark.sampled(3)

MORE = f"{PURCHASE}n3,1,2026-01-03T03:04:05,5\n"


@pytest.fixture
def sent(shop: Shop, account: SandboxInTest) -> Shop:
    """Its two purchases are delivered."""
    assert shop.run("purchases")
    assert len(account.events()) == 2
    return shop


def home(shop: Shop) -> Path:
    (found,) = shop.data.glob("state/*/purchases")
    return found


def rows(text: str) -> dict[str, int]:
    cells = [line.strip("│┃ ").split("│") for line in text.splitlines() if line.startswith("│")]
    return {name.strip(): int(count) for name, count in cells}


def test_rebuild_shows_a_plan_and_asks(sent: Shop, account: SandboxInTest) -> None:
    (home(sent) / STATE).unlink()
    sent.write("purchase.csv", MORE)
    stopped = sent.call("run", "purchases")
    assert "ct-assets state rebuild purchases" in stopped.output

    refused = sent.call("state", "rebuild", "purchases", entered="n\n")

    assert refused.exit_code == 1
    assert not (home(sent) / STATE).exists()
    assert "from reports of delivery 1" in refused.output
    assert rows(refused.output) == {
        "known to be sent": 2,
        "unknown, held for a person (ct-assets parked)": 0,
        "held for other reasons": 0,
        "rows of the source now": 3,
        "that the next run would send": 1,
    }

    assert "is rebuilt; the next run goes on" in sent.said("state", "rebuild", "purchases", "--yes")
    assert sent.run("purchases")
    assert len(account.events()) == 3


def test_a_date_is_the_last_resort(sent: Shop, account: SandboxInTest) -> None:
    shutil.rmtree(sent.data)
    sent.write("purchase.csv", MORE)

    said = sent.said("state", "rebuild", "purchases", "--sent-until", "2026-01-02", "--yes")

    assert "from nothing: no report, no outbox and no older state is left" in said
    assert "Events up to 2026-01-02 23:59:59 UTC count as sent." in said
    assert rows(said)["that the next run would send"] == 1
    assert sent.run("purchases")
    assert len(account.events()) == 3


def test_a_date_is_for_events(sent: Shop) -> None:
    result = sent.call("state", "rebuild", "customers", "--sent-until", "2026-01-02")

    assert result.exit_code == 2
    assert "--sent-until is for events" in result.output


def test_backup_check_and_restore(sent: Shop, account: SandboxInTest, tmp_path: Path) -> None:
    backup = str(tmp_path / "backup")
    assert "1 sync backed up to" in sent.said("state", "backup", backup)
    assert "healthy, 2 rows acknowledged, up to delivery 1" in sent.said("state", "check", backup)
    sent.write("purchase.csv", MORE)
    assert sent.run("purchases")

    said = sent.said("state", "restore", backup, "--yes")

    assert "2 rows acknowledged, up to delivery 1, of" in said
    assert "since then: delivery 2 of" in said
    assert "1 acknowledged" in said
    assert sent.call("state", "check").exit_code == 1
    assert not sent.run("purchases")
    sent.said("state", "rebuild", "purchases", "--yes")
    assert sent.call("state", "check").exit_code == 0
    assert sent.run("purchases")
    assert len(account.events()) == 3


def test_a_spoilt_backup(sent: Shop, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    sent.said("state", "backup", str(backup))
    (copy,) = backup.rglob(STATE)
    copy.write_bytes(copy.read_bytes()[:-1])

    checked = sent.call("state", "check", str(backup))
    restored = sent.call("state", "restore", str(backup), "--yes")

    assert checked.exit_code == 1
    assert f"{STATE} is not as it was written" in checked.output
    assert restored.exit_code == 1
    assert "Nothing was restored" in restored.output


def test_the_same_words_everywhere(sent: Shop) -> None:
    (home(sent) / STATE).unlink()
    told = (
        "state.duckdb is missing, though sends.sqlite, the reports and what "
        f"{sent.data} noted beside the account's slots know of delivery 1. 2 acknowledged "
        "events may be sent again, or more"
    )

    plan = sent.json("plan", "purchases")
    _, status = sent.json("status")
    findings = {each["name"]: each for each in sent.json("doctor")}

    assert told in plan["report"]["objection"]
    assert status["notes"][0].startswith(told)
    finding = findings[f"state {home(sent).parent.name}/purchases"]
    assert (finding["status"], finding["found"]) == ("failed", told)
    assert finding["fix"].startswith("A run stops before it sends.")


def test_a_folder_that_is_gone_is_told(sent: Shop) -> None:
    name = home(sent).parent.name
    shutil.rmtree(sent.data / "state")

    findings = {each["name"]: each for each in sent.json("doctor")}

    assert findings[f"state {name}/purchases"]["status"] == "failed"
    assert account_slots.ROOT.exists()
