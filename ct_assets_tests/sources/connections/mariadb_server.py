"""Starts a real MariaDB of Debian's, and ends it with the tests that asked for it."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pymysql

USER, PASSWORD = "shop", "canary-password/9@x"


@dataclass(frozen=True)
class MariadbServer:
    port: int

    def url(self, *, user: str = USER, password: str = PASSWORD, database: str = "shop") -> str:
        return f"mysql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def connected(self) -> Any:
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, autocommit=True
        )

    def run(self, *statements: str) -> None:
        with self.connected() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, query: str) -> tuple[Any, ...]:
        with self.connected() as connection, connection.cursor() as cursor:
            cursor.execute(query)
            found: tuple[Any, ...] = cursor.fetchall()
            return found


@contextlib.contextmanager
def mariadb_server() -> Iterator[MariadbServer]:
    """A server whose files are gone with the block."""
    folder = Path(tempfile.mkdtemp(prefix="ct-assets-mariadb-"))
    user = ["--user=root"] if os.geteuid() == 0 else []
    try:
        init = folder / "init.sql"
        init.write_text(
            f"create user {USER}@'%' identified by '{PASSWORD}';\n"
            f"grant all on *.* to {USER}@'%' with grant option;\ncreate database shop;\n"
        )
        data = [f"--datadir={folder / 'data'}", *user]
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", "--skip-test-db", *data],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = int(taken.getsockname()[1])
        process = subprocess.Popen(
            [shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/bin") or "mariadbd",
             "--no-defaults", *data, f"--port={port}", "--bind-address=127.0.0.1",
             f"--socket={folder / 'socket'}", f"--init-file={init}", "--sql-mode=",
             "--character-set-server=utf8mb4",
             "--innodb-flush-log-at-trx-commit=0", "--pid-file=pid"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            server = MariadbServer(port)
            _wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(server: MariadbServer, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(pymysql.err.OperationalError), server.connected():
            return
        time.sleep(0.05)
    raise RuntimeError("no MariaDB came up")
