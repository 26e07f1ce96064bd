"""Each command where it cannot do anything: one sentence of what is wrong, and no traceback."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ct_assets.cli import COMMANDS, cli
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets_tests.commands.kit import Shop

OF_A_PROJECT = [
    ["baseline", "people"],
    ["baseline", "people", "--yes"],
    ["demerge", "1"],
    ["disassociate", "+390212345678"],
    ["explain", "people", "--key", "1"],
    ["forget", "--identity", "1", "--yes"],
    ["forget", "--identity", "1", "--lift", "--yes"],
    ["parked", "people"],
    ["plan", "people"],
    ["preview", "people"],
    ["rejected", "people"],
    ["replay", "people"],
    ["run", "people"],
    ["sources"],
    ["state", "backup", "there"],
    ["state", "check"],
    ["state", "rebuild", "people"],
    ["status"],
    ["test"],
    ["undelivered", "people"],
]
OF_A_SYNC = [
    ["baseline", "people", "--yes"],
    ["explain", "people", "--key", "1"],
    ["parked", "people"],
    ["plan", "people"],
    ["preview", "people"],
    ["rejected", "people"],
    ["replay", "people"],
    ["run", "people"],
    ["sources", "people"],
    ["state", "rebuild", "people", "--yes"],
    ["test", "people"],
    ["undelivered", "people"],
]
WRONG_OPTIONS = [
    ["demerge"],
    ["disassociate"],
    ["explain", "no such code"],
    ["forget", "--identity", " ", "--yes"],
    ["forget", "--identity", "1", "--lift", "--yes"],
    ["parked", "purchases", "--resend", "--discard"],
    ["plan", "customers", "--limit", "0"],
    ["plan", "customers", "--allow", "everything"],
    ["plan", "customers", "--partition", "2026-01-01"],
    ["preview", "customers", "--partition", "2026-01-01"],
    ["rejected", "customers", "--format", "csv"],
    ["rejected", "customers", "--reason", "no_such_reason"],
    ["rejected", "customers", "--out", "there.txt"],
    ["replay", "customers", "--since", "yesterday"],
    ["run", "customers", "--plan", "0" * 8],
    ["run", "customers", "--limit", "-1"],
    ["run", "customers", "--allow", "everything"],
    ["state", "check", "nowhere"],
    ["state", "import", "nowhere"],
    ["state", "rebuild", "customers", "--sent-until", "yesterday", "--yes"],
    ["state", "restore", "nowhere", "--yes"],
    ["undelivered", "customers", "--run", "0" * 8],
    ["undelivered", "customers", "--format", "xml"],
]


def sentence(result: Result) -> str:
    """All that was said, of a command that ended as a command with a mistake ends."""
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert "Traceback" not in result.output
    return result.output if result.exit_code in (1, 2) else f"took it: {result.output}"


@pytest.fixture
def project(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Loaded once for all calls of a test, since none of them changes it."""
    loaded = Project.load(shop.module)
    monkeypatch.setattr(Project, "load", staticmethod(lambda _="": loaded))
    monkeypatch.chdir(shop.root)
    return shop


def test_in_an_empty_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CT_DATA_DIR", raising=False)
    told = {" ".join(w): sentence(CliRunner().invoke(cli, w)) for w in OF_A_PROJECT}

    wanted = r"Error: no project here: .*; go to the project's folder, .*\n"
    assert {words: said for words, said in told.items() if not re.fullmatch(wanted, said)} == {}
    assert list(folder.iterdir()) == []


def test_of_a_sync_that_there_is_not(project: Shop) -> None:
    told = {" ".join(words): sentence(project.call(*words)) for words in OF_A_SYNC}

    wanted = r"Error: no (sync|source) is called 'people'.*\n"
    assert {words: said for words, said in told.items() if not re.fullmatch(wanted, said)} == {}


def test_with_options_that_are_wrong(project: Shop) -> None:
    told = {" ".join(words): sentence(project.call(*words)) for words in WRONG_OPTIONS}

    assert {
        words: said for words, said in told.items() if not re.search(r"^Error: .{20,}", said, re.M)
    } == {}


def test_every_command_is_used_wrongly_here() -> None:
    used = {words[0] for words in (*OF_A_PROJECT, *OF_A_SYNC, *WRONG_OPTIONS)}

    assert set(COMMANDS) - used == {"demo", "doctor", "import", "init", "sandbox"}
