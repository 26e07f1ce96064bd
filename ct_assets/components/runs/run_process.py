"""RunProcess tells which process executes a run, so that one on this host is known to be gone."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import dagster as dg

from ct_assets.components.runs import run_presence

TAG = "clevertap/process"
"""Of a run: the process that executes it, as JSON."""
PROC = Path("/proc")
NO_LONGER = ("Z", "X")
"""States of a process that has ended, and that its parent has not asked about."""


@dataclass(frozen=True)
class RunProcess:
    host: str
    """This boot of a host, and the namespace in which process ids are counted."""
    pid: int
    started: int
    """Clock ticks from the boot to its start; another process may get the same id later."""

    def is_gone(self) -> bool | None:
        """None where it cannot be known: on another host."""
        if self.host != _host():
            return None
        if not exists(self.pid):
            return True
        started = _started(self.pid)
        return None if started is None else started != self.started


def note_process(context: dg.AssetExecutionContext) -> None:
    """Write into a run's tags which process executes it, unless they say so already."""
    instance, run_id = context.instance, context.run.run_id
    began = executing(instance, run_id)
    process = next((of(pid) for pid in _ancestry() if pid in began), None)
    run = instance.get_run_by_id(run_id)
    if process and process.pid == os.getpid():
        run_presence.hold(run_id)
    if process and run and process_of(run) != process:
        instance.add_run_tags(run_id, tag(run_id, process))


def executing(instance: dg.DagsterInstance, run_id: str) -> set[int]:
    """The ids, on whichever host it was, of the processes that began to execute a run."""
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    return {pid for entry in events if (pid := _pid_in(entry)) is not None}


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is there, and somebody else's
    return True


def tag(run_id: str, process: RunProcess) -> dict[str, str]:
    return {TAG: json.dumps({"run": run_id, **asdict(process)})}


def process_of(run: dg.DagsterRun) -> RunProcess | None:
    """None in a run that has only inherited the tag, as one that repeats another does."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        noted = json.loads(run.tags[TAG])
        return RunProcess(**noted) if noted.pop("run") == run.run_id else None
    return None


def of(pid: int) -> RunProcess | None:
    """None where the system does not tell, as outside of Linux."""
    host, started = _host(), _started(pid)
    return RunProcess(host, pid, started) if host and started is not None else None


def _host() -> str:
    with contextlib.suppress(OSError):
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {(PROC / 'self/ns/pid').readlink()} {socket.gethostname()}"
    return ""


def _started(pid: int) -> int | None:
    fields = _stat(pid)
    if fields is None:
        return None
    return -1 if fields[0] in NO_LONGER else int(fields[19])


def _ancestry() -> Iterator[int]:
    """This process, its parent, and so on: with some executors a step has a process of its own."""
    pid = os.getpid()
    while pid > 0:
        yield pid
        fields = _stat(pid)
        pid = int(fields[1]) if fields else 0


def _stat(pid: int) -> list[str] | None:
    """State, parent and so on; the name before them may have spaces and brackets."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return None


def _pid_in(entry: dg.EventLogEntry) -> int | None:
    event = entry.dagster_event
    pid = event.engine_event_data.metadata.get("pid") if event else None
    value = str(pid.value) if pid else ""
    return int(value) if value.isdigit() else None
