"""Serves one folder's sandbox until it is told to stop or its folder is deleted."""

import asyncio
import contextlib
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import Timeout
from pydantic import ValidationError

from ct_assets.files import private_dir, private_lock
from ct_assets.sandbox.endpoint_context import Sandbox, open_sandbox
from ct_assets.sandbox.faults import Plan
from ct_assets.sandbox.sandbox_settings import Settings, wrong_in
from ct_assets.sandbox.server.background_process import (
    LOCK,
    PORT_FILE,
    Address,
    SandboxError,
    read_address,
    write_address,
)
from ct_assets.sandbox.server.http_server import BACKLOG, listen, server_of, url_of
from ct_assets.sandbox.store.sqlite_database import FILE, OtherVersionError

SETTINGS_FILE = "settings.json"
WATCH_SECONDS = 0.5


def load_settings(folder: Path, changes: Mapping[str, object] | None = None) -> Settings:
    """The defaults, changed by the folder's settings.json, then by `changes`."""
    path, settings = folder / SETTINGS_FILE, Settings()
    with contextlib.suppress(FileNotFoundError), _readable(str(path)):
        settings = Settings.model_validate_json(path.read_text())
    with _readable("--set"):
        return Settings.model_validate(_changed(settings.model_dump(), changes or {}))


def _changed(settings: dict[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    """`limits.age` is `age` within `limits`."""
    for name, value in changes.items():
        group, dot, inner = name.partition(".")
        within = settings.get(group)
        if dot and isinstance(within, dict):
            settings[group] = _changed(within, {inner: value})
        else:
            settings[name] = value
    return settings


@contextlib.contextmanager
def _readable(where: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise SandboxError(f"{where}: {wrong_in(error)}") from None


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    settings: Settings | None = None,
    plan: Plan | None = None,
    ready: Callable[[Address], None] = lambda _: None,
) -> None:
    """Serves until it is stopped. `port` None takes the port it had before, or any that is free.

    Nothing is printed here: `ready` is called once it listens and may say where, and the caller
    warns of a `host` that other machines reach, since they can read all that is stored, and write
    to it if they know the passcode.
    """
    lock = private_lock(private_dir(folder) / LOCK, timeout=0)
    try:
        with lock:
            sandbox = _opened(folder, settings or Settings())
            if plan:
                sandbox.faults.replace(plan)
            with contextlib.closing(sandbox.store), _bound(folder, host, port) as bound:
                asyncio.run(_until_deleted(folder, bound, sandbox, ready))
    except KeyboardInterrupt:
        return
    except Timeout:
        raise SandboxError(
            f"another sandbox is running with {folder}; stop it, or name another CT_DATA_DIR"
        ) from None


def _opened(folder: Path, settings: Settings) -> Sandbox:
    try:
        return open_sandbox(folder, settings)
    except (sqlite3.DatabaseError, OtherVersionError) as error:
        raise SandboxError(
            f"{folder / FILE} cannot be used ({error}); move it away, and a new one is begun"
        ) from None


async def _until_deleted(
    folder: Path, bound: socket.socket, sandbox: Sandbox, ready: Callable[[Address], None]
) -> None:
    server, address = server_of(sandbox, bound), _address(sandbox, url_of(bound))
    bound.listen(BACKLOG)
    write_address(folder, address)
    ready(address)

    async def watch() -> None:
        while (folder / PORT_FILE).exists() and read_address(folder) == address:
            await asyncio.sleep(WATCH_SECONDS)
        server.should_exit = True

    watching = asyncio.create_task(watch())
    await server.serve(sockets=[bound])
    watching.cancel()


def _address(sandbox: Sandbox, url: str) -> Address:
    settings = sandbox.settings
    return Address(url, sandbox.store.id, settings.account_id, settings.passcode, os.getpid())


def _bound(folder: Path, host: str, port: int | None) -> socket.socket:
    """A socket on `port`; if that is None, on the port of the last time if it is still free."""
    if port is not None:
        try:
            return listen(host, port)
        except OSError as error:
            raise SandboxError(
                f"{host}:{port} cannot be used ({error.strerror}); choose another --port"
            ) from None
    last = read_address(folder)
    with contextlib.suppress(OSError, ValueError):
        return listen(host, int(last.url.rpartition(":")[2]) if last else 0)
    try:
        return listen(host, 0)
    except OSError as error:
        raise SandboxError(f"{host} cannot be listened on ({error.strerror})") from None
