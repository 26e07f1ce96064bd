import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from ct_assets.components.runs import run_presence, run_process
from ct_assets.components.runs.sync_runs import end_lost
from ct_assets_tests.components import kit

RUN = "0aa2b3c4-run"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(run_presence, "_held", {})
    yield tmp_path
    for descriptor in run_presence._held.values():
        os.close(descriptor)


def holding(data: Path, run: str) -> "subprocess.Popen[bytes]":
    """A process that executes a run."""
    # By its path: the package around it imports Dagster.
    code = f"import runpy; runpy.run_path({run_presence.__file__!r})['hold']({run!r}); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not (data / "locks" / "runs" / run).exists():
        assert process.poll() is None, process.communicate()[1]
    return process


def test_a_run_is_present_until_its_process_ends(data: Path) -> None:
    process = holding(data, RUN)
    assert run_presence.is_held(RUN) is True

    process.kill()
    process.communicate()

    assert run_presence.is_held(RUN) is False
    assert (data / "locks" / "runs" / RUN).stat().st_mode & 0o777 == 0o600


def test_a_run_of_a_container_that_was_restarted_is_ended(data: Path, tmp_path: Path) -> None:
    files = {"customers/defs.yaml": kit.CUSTOMERS, "shop/defs.yaml": kit.SOURCE}
    defs, instance = kit.load(tmp_path, files), dg.DagsterInstance.ephemeral()
    run = kit.begun(defs, instance, "customers/valid", "customers/rejected")
    here = run_process.of(os.getpid())
    assert here
    noted = run_process.tag(run.run_id, replace(here, host="another container"))
    instance.add_run_tags(run.run_id, noted)
    repository = defs.get_repository_def()
    assert end_lost(instance, repository) == [], "nothing is known of it yet"
    process = holding(data, run.run_id)
    assert end_lost(instance, repository) == [], "it lives"

    process.kill()
    process.communicate()

    assert [lost.run_id for lost in end_lost(instance, repository)] == [run.run_id]


def test_of_a_run_with_another_disk_nothing_is_known(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_presence.hold(RUN)
    run_presence.hold(RUN)
    assert run_presence.is_held(RUN) is True

    monkeypatch.setenv("CT_DATA_DIR", str(data / "another"))

    assert run_presence.is_held(RUN) is None


def test_files_of_old_runs_go(data: Path) -> None:
    folder = data / "locks" / "runs"
    folder.mkdir(parents=True)
    for name, age in (("old", 90_000), ("new", 0)):
        (folder / name).touch()
        then = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (then, then))

    run_presence.hold(RUN)

    assert sorted(path.name for path in folder.iterdir()) == sorted([RUN, "new"])


def test_a_disk_that_takes_no_lock_stops_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "locks").write_text("no folder")
    monkeypatch.setenv("CT_DATA_DIR", str(data))

    run_presence.hold(RUN)

    assert run_presence.is_held(RUN) is None
