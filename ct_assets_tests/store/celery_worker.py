"""Starts Celery workers whose broker is a folder, and gives projects the executor for it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

BROKER = "TEST_CELERY_BROKER"
"""Names the folder of the broker in the environment of runs and workers."""
WORKER = Path(sys.executable).with_name("dagster-celery")


def _config(broker: Path) -> Mapping[str, Any]:
    return {
        "broker": "filesystem://",
        "backend": f"file://{broker}/results",
        "config_source": {
            "broker_transport_options": {
                "data_folder_in": f"{broker}/queue",
                "data_folder_out": f"{broker}/queue",
                "control_folder": f"{broker}/control",
            },
            "worker_prefetch_multiplier": 1,
            "worker_max_tasks_per_child": 1,  # so each step is a process, with a disk of its own
        },
    }


def executor() -> dg.ExecutorDefinition:
    """Has workers take the steps."""
    from dagster_celery import celery_executor

    configured = celery_executor.configured(_config(Path(os.environ[BROKER])))
    assert isinstance(configured, dg.ExecutorDefinition)
    return configured


@contextlib.contextmanager
def running(broker: Path, env: Mapping[str, str], log: int, count: int = 1) -> Iterator[None]:
    """`count` workers; they and their children are of the process group of whoever starts them."""
    for name in ("queue", "control", "results"):
        (broker / name).mkdir(parents=True, exist_ok=True)
    settings = broker / "celery.yaml"
    settings.write_text(yaml.safe_dump({"execution": {"config": dict(_config(broker))}}))
    start = [str(WORKER), "worker", "start", "-A", "dagster_celery.app", "-y", str(settings)]
    workers = [
        subprocess.Popen(
            [*start, "-n", f"worker{n}", "--", "-c", "1"], env=env, stdout=log, stderr=log
        )
        for n in range(count)
    ]
    try:
        yield
    finally:
        for worker in workers:  # the command has started the worker as a child
            _end(worker)


def _end(worker: "subprocess.Popen[bytes]") -> None:
    for pid in (*_below(worker.pid), worker.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)
    worker.wait()


def _below(pid: int) -> Iterator[int]:
    """All descendants of a process, the later ones first."""
    with contextlib.suppress(FileNotFoundError):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            yield from _below(int(child))
            yield int(child)
