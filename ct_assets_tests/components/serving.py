"""`dagster dev` in processes of its own, for as long as a test looks at it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import httpx

T = TypeVar("T")


def until(found: Callable[[], T], seconds: float = 400) -> T:
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)
    return value


@contextlib.contextmanager
def serving(
    root: Path, env: Mapping[str, str], logs: Path, *, daemon: bool = True
) -> Iterator[str]:
    """Its address. What it says goes to a file in `logs`: a full pipe would stop it."""
    port, command = free_port(), ("dagster", "dev") if daemon else ("dagster-webserver",)
    dagster = Path(sys.executable).with_name(command[0])
    with (logs / "dev.log").open("wb") as log:
        process = subprocess.Popen(
            [dagster, *command[1:], "-w", "workspace.yaml", "-p", str(port)],
            cwd=root,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(url))
        yield url
    finally:
        process.terminate()  # the parent alone: it ends its children
        try:
            process.wait(180)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/server_info").status_code == 200
    except httpx.TransportError:
        return False
