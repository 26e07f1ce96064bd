import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ct_assets.cli import COMMANDS, cli


def test_help_names_every_command() -> None:
    said = CliRunner().invoke(cli, ["--help"]).output

    assert all(f"\n  {name} " in said for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])

    assert result.exit_code == 0
    assert f"Usage: cli {name} " in result.output


def test_help_loads_nothing_that_is_slow() -> None:
    code = (
        "import sys, ct_assets.cli; sys.exit(sum(m in sys.modules for m in ('dagster', 'polars')))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(cli, ["staus"])

    assert result.exit_code == click.UsageError.exit_code
    assert "No such command 'staus'" in result.output


def test_a_module_that_there_is_not() -> None:
    result = CliRunner().invoke(cli, ["--module", "no_such_module.definitions", "status"])

    assert result.exit_code == 1
    assert result.output.startswith("Error: there is no Python module 'no_such_module' here; ")


def test_a_data_folder_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "file" / "data"))

    result = CliRunner().invoke(cli, ["plan", "customers"])

    assert result.exit_code == 1
    assert re.fullmatch(r"Error: /.*: Not a directory\n", result.output)
