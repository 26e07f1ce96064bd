"""A real PgBouncer of Debian's, between a host and its database."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ct_assets.store.postgres.lease import Lease
from ct_assets.store.postgres.store_session import StoreSession, UnfitDatabaseError
from ct_assets.store.store_settings import StoreSettings
from ct_assets_tests.sources.connections.postgres_server import PASSWORD, USER

AS_NOBODY: Mapping[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}
PROGRAM = shutil.which("pgbouncer", path=f"/usr/sbin:{os.environ['PATH']}") or "pgbouncer"


@contextlib.contextmanager
def pooled(settings: StoreSettings, folder: Path, mode: str) -> Iterator[StoreSettings]:
    url = urlsplit(settings.database_url)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    users, config = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"{USER}" "{PASSWORD}"\n')
    config.write_text(
        f"[databases]\n* = host=127.0.0.1 port={url.port}\n[pgbouncer]\nlisten_port = {port}\n"
        f"listen_addr = 127.0.0.1\nauth_type = scram-sha-256\nauth_file = {users}\n"
        f"pool_mode = {mode}\nunix_socket_dir =\n"
    )
    for path in (*folder.parents[:-2], folder, users, config):
        path.chmod(0o755)
    process = subprocess.Popen([PROGRAM, "-q", config], cwd="/tmp", **AS_NOBODY)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
        address = settings.database_url.replace(f":{url.port}/", f":{port}/")
        yield replace(settings, database_url=address)
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.services
@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_of_transactions_is_refused(
    shared: StoreSettings, tmp_path: Path, mode: str
) -> None:
    with (
        pooled(shared, tmp_path, mode) as settings,
        pytest.raises(UnfitDatabaseError, match="a pooler such as PgBouncer is in between"),
    ):
        StoreSession(settings)


@pytest.mark.services
def test_a_pooler_of_sessions_is_none_that_matters(shared: StoreSettings, tmp_path: Path) -> None:
    with (
        pooled(shared, tmp_path, "session") as settings,
        Lease.claim(settings, "eu1-A", "customers") as lease,
    ):
        assert lease.row.fence == 1
