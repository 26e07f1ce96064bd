import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from ct_assets.sandbox import SandboxError, ensure_running, stop
from ct_assets.sandbox.endpoint_context import open_sandbox
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.server.background_process import read_address
from ct_assets.sandbox.server.folder_service import load_settings, serve
from ct_assets.sandbox.server.http_server import listen, running
from ct_assets.sandbox.server.origin_guard import OriginGuard
from ct_assets.sandbox.store.sqlite_database import FILE


def test_one_folder_one_sandbox(tmp_path: Path) -> None:
    ensure_running(tmp_path)
    try:
        with pytest.raises(SandboxError, match=r"another sandbox is running with .*sandbox; stop"):
            serve(tmp_path / "sandbox")
    finally:
        stop(tmp_path)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SandboxError, match=rf"127.0.0.1:{port} cannot be used .*--port"):
            serve(tmp_path, port=port)


def test_answers_leave_at_once() -> None:
    """Not after the 40 ms that Nagle's algorithm waits for: asyncio asks for the protocol."""
    with listen("127.0.0.1", 0) as bound:
        assert bound.proto == socket.IPPROTO_TCP


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("not a database, and long enough to be seen as such" * 20)
    with pytest.raises(SandboxError, match=rf"{FILE} cannot be used \(file is not a database\)"):
        serve(tmp_path)


def test_a_file_of_another_version(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(SandboxError, match="it is of version 99, not 1"):
        serve(tmp_path)


def test_settings_of_a_folder(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()
    (tmp_path / "settings.json").write_text(json.dumps({"max_in_flight": 3}))
    assert load_settings(tmp_path) == Settings(max_in_flight=3)
    found = load_settings(tmp_path, {"limits.event_fields": 9, "max_in_flight": 4})
    assert (found.limits.event_fields, found.max_in_flight) == (9, 4)


def test_served_by_hand_with_faults(tmp_path: Path) -> None:
    """`ready` is called once it answers; Ctrl+C ends it without a traceback."""
    code = (
        "import sys; from pathlib import Path\n"
        "from ct_assets.sandbox.faults import Plan\n"
        "from ct_assets.sandbox.server.folder_service import serve\n"
        "serve(Path(sys.argv[1]), plan=Plan(script=('503',)),"
        " ready=lambda a: print(a.url, flush=True))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/sandbox/faults").json()["left"] == ["503"]
        address = read_address(tmp_path)
        assert address is not None
        assert (address.url, address.pid) == (url, process.pid)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) == 0


def test_told_to_listen_beyond_loopback(tmp_path: Path) -> None:
    sandbox = open_sandbox(tmp_path)
    with running(sandbox, host="0.0.0.0") as url:
        port = url.rpartition(":")[2]
        answer = httpx.get(f"http://127.0.0.1:{port}/sandbox/health", headers={"Host": "box.lan"})
        assert answer.status_code == 200
    sandbox.store.close()


@pytest.mark.parametrize(
    ("client", "method", "path", "status"),
    [
        ("10.0.0.7", "PUT", "/sandbox/faults", 403),
        ("10.0.0.7", "POST", "/faults", 403),
        ("10.0.0.7", "POST", "/1/upload", 200),
        ("10.0.0.7", "PUT", "/sandbox/lists/x", 200),
        ("10.0.0.7", "GET", "/", 200),
        ("127.0.0.1", "PUT", "/sandbox/faults", 200),
        (None, "PUT", "/sandbox/faults", 403),
    ],
)
def test_switches_are_for_its_own_machine(
    client: str | None, method: str, path: str, status: int
) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope: dict[str, Any] = {"type": "http", "method": method, "path": path}
    scope |= {"client": client and (client, 1), "headers": [(b"host", b"box.lan")]}
    asyncio.run(OriginGuard(app, open_to_others=True)(scope, receive, send))
    assert sent[0]["status"] == status
