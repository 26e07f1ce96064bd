"""Runs in processes of their own that are killed as a host or a person kills them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from ct_assets.commands.checkup.instance import lost_runs
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.components.runs import sync_runs
from ct_assets.components.runs.run_process import process_of
from ct_assets.components.runs.sync_runs import end_lost
from ct_assets_tests.components import kit
from ct_assets_tests.components.serving import until

HANGING = """
import os
import signal
from pathlib import Path
import ct_assets

class Hanging(ct_assets.SourceTable):
    def execute(self, context, results):
        Path(os.environ["BEGUN"]).write_text(context.run.run_id)
        signal.pause()
        yield from results
"""


@contextlib.contextmanager
def running(package: Path, home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`ct-assets run customers` in the midst of its first step, and its run's id."""
    begun = home / f"begun-{len(list(home.glob('begun-*')))}"
    module = f"{package.name}.definitions"
    process = subprocess.Popen(
        [Path(sys.executable).with_name("ct-assets"), "--module", module, "run", "customers"],
        cwd=package.parent,
        env=os.environ
        | {"DAGSTER_HOME": str(home), "BEGUN": str(begun), "PYTHONPATH": str(package.parent)},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process, until(lambda: begun.read_text() if begun.exists() else "")
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_run_whose_process_was_killed_is_ended_at_once_and_one_that_lives_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    source = kit.SOURCE.replace("ct_assets.components.SourceTable", "{}.hanging.Hanging")
    package = kit.write(tmp_path, {"customers/defs.yaml": kit.CUSTOMERS})
    (package / "defs" / "shop").mkdir()
    (package / "defs" / "shop" / "defs.yaml").write_text(source.format(package.name))
    (package / "hanging.py").write_text(HANGING)
    (package / "definitions.py").write_text(
        "from pathlib import Path\nimport ct_assets\n"
        "defs = ct_assets.definitions(Path(__file__).parent)\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(Path("dagster.yaml").read_text())
    project = Project.load(f"{package.name}.definitions")
    repository = project.definitions.get_repository_def()
    with dg.DagsterInstance.from_config(str(home)) as instance:

        def status(run_id: str) -> dg.DagsterRunStatus:
            run = instance.get_run_by_id(run_id)
            assert run
            assert process_of(run)
            return run.status

        with running(package, home) as (process, first):
            assert end_lost(instance, repository) == []
            process.kill()
            process.wait()
            assert status(first) is dg.DagsterRunStatus.STARTED

            with running(package, home) as (process, second):
                assert status(first) is dg.DagsterRunStatus.FAILURE  # the second ended it
                assert status(second) is dg.DagsterRunStatus.STARTED
                assert list(lost_runs(project, instance)) == []
                process.kill()
                process.wait()
                (told,) = lost_runs(project, instance)

        assert told.found == (
            f"run {second[:8]} (customers_sync): its process was lost, and it was ended now; "
            "the next run completes it"
        )
        assert status(second) is dg.DagsterRunStatus.FAILURE


def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("what", "unnoted", "ended"),
    [
        ("its process is gone", timedelta(seconds=-1), True),
        ("its process is gone, but it began just now", timedelta(minutes=2), False),
        ("its process lives", timedelta(seconds=-1), False),
        ("a launcher of another host", timedelta(seconds=-1), False),
        ("it makes an asset of others", timedelta(seconds=-1), False),
    ],
)
def test_a_run_that_died_before_its_first_step_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, unnoted: timedelta, *, ended: bool
) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(sync_runs, "UNNOTED", unnoted)
    if what == "a launcher of another host":
        monkeypatch.setattr(sync_runs, "launcher_elsewhere", lambda _: "K8sRunLauncher")
    files = {"customers/defs.yaml": kit.CUSTOMERS, "shop/defs.yaml": kit.SOURCE}
    theirs = {"theirs/assets.py": "import dagster as dg\n\n@dg.asset\ndef training(): ...\n"}
    defs, instance = kit.load(tmp_path, files | theirs), dg.DagsterInstance.ephemeral()
    others = ("training",) if what == "it makes an asset of others" else ()
    run = kit.begun(defs, instance, "customers/valid", "customers/rejected", *others)
    pid = os.getpid() if what == "its process lives" else dead_pid()
    instance.report_engine_event("began", run, EngineEventData.in_process(pid))

    found = end_lost(instance, defs.get_repository_def())

    assert [lost.run_id for lost in found] == ([run.run_id] if ended else [])


def test_a_run_of_another_code_location_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its job is not here, so nobody knows what it makes; nor, on another host, its process."""
    monkeypatch.setattr(sync_runs, "UNNOTED", timedelta(seconds=-1))
    files = {"customers/defs.yaml": kit.CUSTOMERS, "shop/defs.yaml": kit.SOURCE}
    defs, instance = kit.load(tmp_path, files), dg.DagsterInstance.ephemeral()
    theirs = dg.Definitions(jobs=[dg.define_asset_job("nightly")], assets=[dg.AssetSpec("report")])
    run = instance.create_run_for_job(
        theirs.resolve_job_def("nightly"), status=dg.DagsterRunStatus.STARTED
    )
    instance.report_engine_event("began", run, EngineEventData.in_process(dead_pid()))

    assert end_lost(instance, defs.get_repository_def()) == []
