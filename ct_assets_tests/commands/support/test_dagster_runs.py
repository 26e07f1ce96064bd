import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Barrier

import dagster as dg
import pytest

from ct_assets.commands.support.dagster_runs import instance

PROCESSES = 3


def opened(barrier: Barrier) -> int:
    barrier.wait()
    with instance() as found:
        assert found is not None
        return found.get_runs_count()


def test_processes_that_open_a_fresh_home_at_once_leave_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without their turns Dagster's databases end with more than one head, for ever."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    spawn = multiprocessing.get_context("spawn")

    with spawn.Manager() as manager, ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        counts = list(pool.map(opened, [manager.Barrier(PROCESSES)] * PROCESSES))

    assert counts == [0] * PROCESSES
    with dg.DagsterInstance.get() as later:
        assert later.get_runs_count() == 0


def test_a_home_that_cannot_be_written_has_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its storage is elsewhere, in Postgres."""
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(
        f"storage: {{sqlite: {{base_dir: {elsewhere}}}}}\n"
        f"local_artifact_storage: {{module: dagster._core.storage.root, "
        f"class: LocalArtifactStorage, config: {{base_dir: {elsewhere}}}}}\n"
    )
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setattr("os.access", lambda _, mode: mode != os.W_OK)

    with instance() as found:
        assert found is not None

    assert [path.name for path in home.iterdir()] == ["dagster.yaml"]
