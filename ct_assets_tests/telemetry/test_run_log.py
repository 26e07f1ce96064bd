import json
import re
from pathlib import Path

import dagster as dg
import pytest
import yaml

SHIPPED = Path(__file__).parents[2] / "dagster.yaml"
COMMENTED = re.compile(r"^# (python_logs:\n(?:#  .*\n)+)", re.MULTILINE)


@dg.op
def shown(context: dg.OpExecutionContext) -> None:
    context.log.info('a "line"')


@dg.op
def failing() -> None:
    raise ValueError("row of ada@canary.example")


@dg.job
def both() -> None:
    shown()
    failing()


@pytest.mark.filterwarnings("ignore::dagster.BetaWarning")
def test_the_log_of_a_run_is_json_with_the_lines_of_our_dagster_yaml(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commented = COMMENTED.search(SHIPPED.read_text())
    assert commented
    settings = yaml.safe_load(commented[1].replace("\n# ", "\n"))
    with dg.instance_for_test(overrides=settings, temp_dir=str(tmp_path)) as instance:
        both.execute_in_process(instance=instance, raise_on_error=False)

    found = capsys.readouterr().out.splitlines()

    (said,) = [line for line in map(json.loads, found) if line["message"] == 'a "line"']
    assert {**said, "at": "", "run": ""} == {
        "at": "",
        "level": "INFO",
        "run": "",
        "job": "both",
        "step": "shown",
        "message": 'a "line"',
    }
    (failed,) = [line for line in map(json.loads, found) if line.get("event") == "STEP_FAILURE"]
    assert (failed["level"], failed["step"]) == ("ERROR", "failing")
    assert "canary" not in "".join(found)
