"""The sandbox's README is true."""

import json
import re
import shlex
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

import ct_assets.sandbox
from ct_assets.clevertap.contract import Limits
from ct_assets.cli import cli
from ct_assets.sandbox.faults import FAULTS, stores
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest

pytest_plugins = ["pytester"]

README = (Path(ct_assets.sandbox.__file__).parent / "README.md").read_text()


def lines(start: str) -> list[str]:
    return [line for line in README.splitlines() if line.startswith(start)]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below this heading line."""
    table = README.partition(heading)[2].partition("\n\n")[0].strip().splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def test_every_fault_is_in_the_table() -> None:
    table = rows("| fault | the sender gets | records |")
    kept = {name: row[2] for row in table for name in re.findall(r"`([^`]+)`", row[0])}

    assert set(kept) == set(FAULTS)
    assert {name for name in kept if kept[name] != "not kept"} == set(filter(stores, FAULTS))


def test_settings_are_named_with_their_defaults() -> None:
    for name, usual, _ in rows("| setting | usually | or |"):
        part, _, field = name.strip("`").rpartition(".")
        value = getattr(Limits() if part else Settings(), field)
        assert usual.replace("`", "").startswith(str(value) if value else "none")


def test_the_tests_it_shows_pass_in_somebody_elses_project(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(README.partition("```python\n")[2].partition("```")[0])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)


def test_the_orders_it_shows_are_taken(clevertap_sandbox: SandboxInTest) -> None:
    put, delete = (shlex.split(line) for line in lines("curl "))
    url = put[3].replace("$CLEVERTAP_API_URL", clevertap_sandbox.url)

    assert httpx.put(url, content=put[5]).status_code == 200
    assert clevertap_sandbox.faults.plan.rates == json.loads(put[5])["rates"]
    assert httpx.delete(url).status_code == 200
    assert (put[3], delete[:3]) == (delete[3], ["curl", "-X", "DELETE"])


@pytest.mark.parametrize("line", lines(".venv/bin/ct-assets sandbox "))
def test_the_options_it_shows_are_known(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    assert CliRunner().invoke(cli, [*words, "--help"]).exit_code == 0
