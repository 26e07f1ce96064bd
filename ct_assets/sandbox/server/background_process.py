"""Runs the sandbox as a process of its own, which later runs find through its port file."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from filelock import Timeout

from ct_assets.errors import UserError
from ct_assets.files import private_dir, private_lock, private_log, replacing

FOLDER = "sandbox"
PORT_FILE = "port.json"
LOG_FILE = "sandbox.log"
LOCK = "serving.lock"
START_SECONDS = 20.0


class SandboxError(UserError):
    """The sandbox cannot be started."""


@dataclass(frozen=True)
class Address:
    url: str
    id: str
    """Kept in the sandbox's file: a different id means that everything sent before is lost."""
    account_id: str
    passcode: str
    pid: int


def folder_of(data_dir: Path) -> Path:
    return data_dir / FOLDER


def ensure_running(data_dir: Path, *, seconds: float = START_SECONDS) -> Address:
    """The sandbox that keeps its file in `data_dir`, started if none answers there.

    It stays when the caller ends, and stops when its folder is deleted.
    """
    folder = private_dir(folder_of(data_dir.resolve()))
    with private_lock(folder / "starting.lock"):
        return find(data_dir) or _started(folder, seconds)


def find(data_dir: Path) -> Address | None:
    """The sandbox that answers at the port file of `data_dir`, if one does."""
    address = read_address(folder_of(data_dir.resolve()))
    return address if address and _answers(address) else None


def stop(data_dir: Path) -> bool:
    """Ends the sandbox of `data_dir`; False if none is running."""
    address = find(data_dir)
    if address is None:
        return False
    os.kill(address.pid, signal.SIGTERM)
    try:  # it holds the lock until it is done with its file
        with private_lock(folder_of(data_dir.resolve()) / LOCK, timeout=START_SECONDS):
            return True
    except Timeout:
        raise SandboxError(
            f"process {address.pid} did not end within {START_SECONDS:.0f} seconds"
        ) from None


def read_address(folder: Path) -> Address | None:
    try:
        return Address(**json.loads((folder / PORT_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_address(folder: Path, address: Address) -> None:
    with replacing(folder / PORT_FILE) as partial:
        partial.write_text(json.dumps(asdict(address)))


def _answers(address: Address) -> bool:
    """Whether this very sandbox answers, and not another program that got its port since."""
    connection = http.client.HTTPConnection(urlsplit(address.url).netloc, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/sandbox/health")
            health = json.loads(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException):
            return False
    return isinstance(health, dict) and (health.get("id"), health.get("pid")) == (
        address.id,
        address.pid,
    )


def _started(folder: Path, seconds: float) -> Address:
    command = [sys.executable, "-m", "ct_assets.sandbox", str(folder)]
    with private_log(folder / LOG_FILE) as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        address = read_address(folder)
        if address and address.pid == process.pid and _answers(address):
            return address
        time.sleep(0.02)
    ended = process.poll() is not None
    process.kill()
    why = "ended as it started" if ended else f"did not start within {seconds:.0f} seconds"
    raise SandboxError(f"the sandbox {why}; its last words are in {folder / LOG_FILE}")
