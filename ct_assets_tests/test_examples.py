"""The projects of docs/examples: each declares the same, and works as it is."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ct_assets.cli import cli
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


@pytest.fixture(params=["yaml", "python"])
def example(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clevertap_sandbox: SandboxInTest,
) -> Iterator[Path]:
    folder = shutil.copytree(EXAMPLES / request.param, tmp_path / request.param)
    for name in ("CT_DATA_DIR", "CT_PROJECT", "DAGSTER_HOME", "CLEVERTAP_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("ct_assets.settings._entered", None)
    send_to(clevertap_sandbox, monkeypatch)
    monkeypatch.chdir(folder)
    path = list(sys.path)
    yield folder
    sys.path[:] = path


@pytest.mark.usefixtures("example")
def test_an_example_works_as_it_is(clevertap_sandbox: SandboxInTest) -> None:
    ran = CliRunner().invoke(cli, ["run", "people"])

    assert ran.output.endswith("1 rejected, 0 unchanged, 0 held, 2 acked, 0 refused, 0 unknown\n")
    assert {profile.identity: profile.props for profile in clevertap_sandbox.profiles()} == {
        "1": {
            "Name": "Ada",
            "Email": "ada@example.org",
            "Phone": 442079460018,
            "Plan": "gold",
        },
        "2": {"Name": "Bob", "Email": "bob@example.org"},
    }
