import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Barrier

import dagster as dg
import pytest

from ct_assets.commands.support.dagster_runs import instance, kept_or_temporary
from ct_assets.errors import UserError

PROCESSES = 3


def opened(barrier: Barrier) -> int:
    barrier.wait()
    with instance() as found:
        assert found is not None
        return found.get_runs_count()


@pytest.mark.long
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


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("DAGSTER_HOME", "CT_PROJECT"):
        monkeypatch.setenv(variable, "")
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setattr("ct_assets.settings._entered", tmp_path)
    return tmp_path


def test_a_project_that_cannot_be_written_keeps_no_run(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refused)
    with kept_or_temporary() as found:
        assert found.is_ephemeral

    told = f"this run is kept nowhere: {project}/.dagster cannot be made (Permission denied)\n"
    assert capsys.readouterr().err == told


def test_a_home_of_the_project_that_cannot_be_written_is_told(project: Path) -> None:
    (project / ".dagster" / "dagster.yaml").mkdir(parents=True)

    with (
        pytest.raises(UserError, match=r"\.dagster/dagster\.yaml cannot be written \(Is a"),
        kept_or_temporary(),
    ):
        pass


def test_a_home_that_is_no_folder_is_told(project: Path) -> None:
    (project / ".dagster").write_text("")

    with kept_or_temporary() as found:
        assert found.is_ephemeral


def test_what_root_makes_is_the_owners_of_the_project(project: Path) -> None:
    owner = 12345 if os.geteuid() == 0 else os.geteuid()
    os.chown(project, owner, -1)

    with kept_or_temporary() as found:
        assert found.get_runs_count() == 0

    made = [project / ".dagster", *(project / ".dagster").rglob("*")]
    assert {path.stat().st_uid for path in made} == {owner}
    assert len(made) > 3
