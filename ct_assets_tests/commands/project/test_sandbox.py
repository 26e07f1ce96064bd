import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from ct_assets.cli import cli
from ct_assets.sandbox import ensure_running, find, stop


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path))
    yield tmp_path
    stop(tmp_path)


def said(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["sandbox", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_one_that_runs_is_told_its_faults(data: Path) -> None:
    address = ensure_running(data)

    told = said("--fault", "429=10%", "--fault", "503=0.2", "--script", "ok, 500", "--seed", "7")

    assert f"Already running, process {address.pid}. It has its faults." in told
    assert f"export CLEVERTAP_API_URL={address.url} " in told
    plan = httpx.get(f"{address.url}/sandbox/faults").json()["plan"]
    assert (plan["rates"], plan["script"], plan["seed"]) == (
        {"429": 0.1, "503": 0.2},
        ["ok", "500"],
        7,
    )
    assert said("--set", "max_in_flight=3", code=1).startswith(
        f"Error: the sandbox is running already, process {address.pid}, and takes settings at its"
    )
    assert said("--stop") == "Stopped.\n"
    assert find(data) is None
    assert said("--stop") == "None is running.\n"


def test_settings_and_faults_at_the_start(data: Path) -> None:
    arguments = ["--set", "max_in_flight=3", "--set", "phone_check=lenient", "--latency", "0.5"]
    command = [sys.executable, "-c", "from ct_assets.cli import main; main()", "sandbox"]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        settings = httpx.get(f"{url}/sandbox/settings").json()
        plan = httpx.get(f"{url}/sandbox/faults").json()["plan"]
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) == 0
    assert (settings["max_in_flight"], settings["phone_check"]) == (3, "lenient")
    assert plan["latency_seconds"] == 0.5
    assert data.joinpath("sandbox", "sandbox.sqlite").exists()


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--fault", "428=0.1"], "no fault is named '428'; there are ok, 400, "),
        (["--script", "ok teapot"], "no fault is named 'teapot'; there are ok, "),
        (["--fault", "429"], "--fault 429: it takes NAME=VALUE, such as 429=0.1"),
        (["--fault", "429=often"], "--fault 429=often: it takes NAME=VALUE, such as 429=0.1"),
        (["--fault", "429=2"], "faults: body: rates are probabilities that add up"),
        (
            ["--latency", "-1"],
            "faults: latency_seconds: Input should be greater than or ",
        ),
        (["--set", "passcode"], "--set passcode: it takes NAME=VALUE, such as max_in_flight=3"),
        (["--set", "limits.colour=1"], "--set: limits.colour: Extra inputs are not permitted"),
        (["--set", "colour=red"], "--set: colour: Extra inputs are not permitted"),
        (["--set", "max_in_flight=0"], "--set: max_in_flight: Input should be greater than 0"),
    ],
)
def test_what_makes_no_sense(arguments: list[str], error: str) -> None:
    assert said(*arguments, code=1).startswith(f"Error: {error}")
