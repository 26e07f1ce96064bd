import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ct_assets.commands.checkup import locks as locks_checked
from ct_assets.commands.checkup.locks import locks
from ct_assets.delivery.state.sync_lock import locked

ORPHANING = """
import fcntl, os, sys, time
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print(os.getpid(), file=lock, flush=True)
child = os.fork()
if child == 0:
    os.close(1)
    time.sleep(600)
print(os.getpid(), child)
"""


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A lock whose taker is dead, while its child still has the file open."""
    path = tmp_path / "locks" / "eu1-ABC" / "customers.lock"
    path.parent.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-c", ORPHANING, path], check=True, stdout=subprocess.PIPE
    )
    taker, child = map(int, done.stdout.split())
    yield path, taker
    os.kill(child, signal.SIGKILL)


def test_a_lock_of_a_dead_process(tmp_path: Path, orphan: tuple[Path, int]) -> None:
    path, taker = orphan

    found, slots = locks(tmp_path, tmp_path / "slots")

    assert (found.name, found.status) == ("locks", "failed")
    assert found.found == f"held by a dead process: {path} by {taker}"
    assert str(path) in found.fix
    assert slots.status == "ok"


@pytest.mark.usefixtures("orphan")
def test_a_slot_of_a_dead_process(tmp_path: Path) -> None:
    _, slots = locks(tmp_path / "elsewhere", tmp_path / "locks")

    assert (slots.name, slots.status) == ("slots", "failed")


def test_a_lock_of_a_run_that_is_under_way(tmp_path: Path) -> None:
    with locked(tmp_path / "state" / "eu1-ABC" / "customers"):
        found, _ = locks(tmp_path, tmp_path / "slots")

    assert (found.status, found.found) == ("ok", "1 held, none by a dead process")


def test_a_lock_that_went_from_a_dead_process_to_another(
    tmp_path: Path, orphan: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = orphan
    looks = iter([True, True, False])
    monkeypatch.setattr(locks_checked, "_is_held", lambda _: next(looks))

    found, _ = locks(tmp_path, tmp_path / "slots")

    assert (found.status, found.found) == ("ok", "1 held, none by a dead process")
    assert path.exists()


def test_a_file_of_a_lock_that_is_gone(tmp_path: Path) -> None:
    assert locks_checked._dead(tmp_path / "gone.lock", {}) is None


def test_slots_of_other_tests_are_not_looked_at(notes_of_states: Path, tmp_path: Path) -> None:
    slot = notes_of_states / "a" / "1"
    slot.parent.mkdir(parents=True, exist_ok=True)
    with slot.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _, slots = locks(tmp_path)
    slot.unlink()

    assert slots.found == "1 held, none by a dead process"


def test_no_locks_at_all(tmp_path: Path) -> None:
    assert [c.status for c in locks(tmp_path, tmp_path / "slots")] == ["ok", "ok"]
