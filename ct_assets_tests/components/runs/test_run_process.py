import os
import subprocess
import sys
from dataclasses import replace

import dagster as dg

from ct_assets.components.runs import run_process
from ct_assets.components.runs.run_process import RunProcess


def of(pid: int) -> RunProcess:
    process = run_process.of(pid)
    assert process
    return process


def test_a_process_that_lives_is_not_gone() -> None:
    assert of(os.getpid()).is_gone() is False


def test_a_process_of_another_host_may_be_there_or_not() -> None:
    assert replace(of(os.getpid()), host="elsewhere").is_gone() is None


def test_another_process_of_the_same_id_is_not_taken_for_it() -> None:
    mine = of(os.getpid())

    assert replace(mine, started=mine.started - 1).is_gone() is True


def test_a_process_that_was_killed_is_gone_before_and_after_its_parent_has_asked() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = of(child.pid)
    assert process.is_gone() is False

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert process.is_gone() is True
    child.communicate()
    assert process.is_gone() is True


def test_a_run_that_repeats_another_does_not_inherit_its_process() -> None:
    noted = run_process.tag("first", of(os.getpid()))

    assert run_process.process_of(dg.DagsterRun("a_job", run_id="first", tags=noted)) == of(
        os.getpid()
    )
    assert run_process.process_of(dg.DagsterRun("a_job", run_id="again", tags=noted)) is None
