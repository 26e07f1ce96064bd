"""Every command of the README is run, in a copy of the project that has nothing generated in it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ct_assets.sandbox import stop
from ct_assets_tests.test_wheel import DEFINITIONS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PARTS = ("ct_assets", "data/chinook", "docs/pages/pictures")
FILES = ("Makefile", "dagster.yaml", "pyproject.toml", "requirements.lock", "workspace.yaml")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands() -> list[str]:
    lines = [
        line.partition("  #")[0].strip() for block in blocks("sh") for line in block.split("\n")
    ]
    inline = re.findall(r"`(\.venv/bin/[^`]+)`", README)
    return [line for line in [*lines, *inline] if line]


def of(*starts: str) -> list[str]:
    return [command for command in commands() if command.startswith(starts)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    copy = tmp_path_factory.mktemp("read me") / "ct_assets"
    for part in PARTS:
        if (ROOT / part).exists():
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy2(ROOT / name, copy / name)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    yield copy
    stop(copy / "data")


@pytest.fixture(scope="module")
def demo(project: Path) -> str:
    return run("make demo", project).stdout


def run(command: str, project: Path, *, code: int = 0) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CT_", "CLEVERTAP_"))}
    environ = kept | {"PYTHONPATH": str(project), "DAGSTER_HOME": str(project / ".dagster")}
    found = subprocess.run(
        command, shell=True, cwd=project, env=environ, capture_output=True, text=True, check=False
    )
    assert found.returncode == code, f"{command}\n{found.stdout}\n{found.stderr}"
    return found


def test_every_command_has_a_test() -> None:
    known = ("make ", "export CLEVERTAP_", ".venv/bin/ct-assets ", ".venv/bin/dg ")

    assert [command for command in commands() if not command.startswith(known)] == []


def test_the_python_it_shows_is_that_of_the_test_of_the_wheel() -> None:
    assert blocks("python") == [DEFINITIONS]


@pytest.mark.slow
def test_the_demo_accounts_for_every_row(demo: str) -> None:
    syncs = ("  customers", "  purchases", "  jazz_buyers")
    table = [line.split() for line in demo.splitlines() if line.startswith(syncs)]

    assert table == [
        ["customers", "59", "56", "3", "0", "0", "56", "56", "0", "0", "0"],
        ["purchases", "412", "412", "0", "0", "0", "412", "412", "0", "0", "0"],
        ["jazz_buyers", "11", "11", "0", "0", "1", "10", "10", "0", "0", "0"],
    ]
    assert "10 members of the segment 'Jazz buyers' acknowledged" in demo
    assert "55 phones in E.164, 1 without a phone" in demo
    rejected = re.findall(r"rejected CustomerId (\d+): Phone: .* \[(\w+)\]", demo)
    assert rejected == [
        ("9", "phone_too_long"),
        ("57", "phone_not_valid_for_region"),
        ("58", "phone_not_valid_for_region"),
    ]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.usefixtures("demo")
def test_a_second_demo_sends_nothing(project: Path) -> None:
    again = run("make demo", project).stdout

    rows = [line.split() for line in again.splitlines() if line.startswith("  customers")]
    assert rows == [["customers", "59", "56", "3", "56", "0", "0", "0", "0", "0", "0"]]


@pytest.mark.slow
@pytest.mark.sampled(3)
@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("command", of(".venv/bin/ct-assets"))
def test_commands_work_after_the_demo(command: str, project: Path) -> None:
    if command.endswith("doctor"):  # no daemon runs here, and it must say so
        said = run(command, project, code=1).stdout
        assert re.findall(r"FAILED │ (.*?) +│", said) == ["dagster daemon"]
    else:
        assert run(command, project).stdout.strip()


@pytest.mark.parametrize("command", of("make "))
def test_targets_exist(command: str, project: Path) -> None:
    run(f"{command.partition('#')[0]} --dry-run", project)


@pytest.mark.slow
def test_a_demo_never_sends_to_an_account(project: Path) -> None:
    found = subprocess.run(
        [".venv/bin/ct-assets", "demo"],
        cwd=project,
        env={
            **os.environ,
            "CLEVERTAP_ACCOUNT_ID": "AAA-BBB-CCCC",
            "CLEVERTAP_PASSCODE": "secret-passcode",
            "CLEVERTAP_REGION": "eu1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 1
    assert found.stderr == (
        "Error: the demo sends example rows, and customers would go to AAA-BBB-CCCC at "
        "eu1.api.clevertap.com. Unset the CLEVERTAP_ variables to use the sandbox, or set "
        "CLEVERTAP_API_URL to a server on this machine.\n"
    )


@pytest.mark.slow
@pytest.mark.long
def test_what_is_scaffolded_loads(project: Path) -> None:
    (command,) = of(".venv/bin/dg scaffold ")
    try:
        run(command, project)
        for check in of(".venv/bin/dg check "):
            run(check, project)
        assert "56 valid, 3 rejected" in run(".venv/bin/ct-assets preview people", project).stdout
    finally:
        shutil.rmtree(project / "ct_assets" / "defs" / "people", ignore_errors=True)


@pytest.mark.slow
def test_the_declaration_it_shows_loads(project: Path) -> None:
    shown = blocks("yaml")[0]
    assert [d["type"].rpartition(".")[2] for d in yaml.safe_load_all(shown)] == [
        "SourceTable",
        "ClevertapSync",
    ]
    defs = project / "ct_assets" / "defs" / "people"
    defs.mkdir()
    (defs / "defs.yaml").write_text(shown)
    try:
        assert "56 valid, 3 rejected" in run(".venv/bin/ct-assets preview people", project).stdout
    finally:
        shutil.rmtree(defs)
