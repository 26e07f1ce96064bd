import json
import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

from ct_assets.sandbox import SandboxError, ensure_running, find, stop
from ct_assets.sandbox.server.background_process import LOG_FILE, PORT_FILE, folder_of


def test_a_later_run_finds_the_same_sandbox(tmp_path: Path) -> None:
    try:
        first = ensure_running(tmp_path)
        assert ensure_running(tmp_path) == first
        assert find(tmp_path) == first
        assert (first.account_id, first.passcode) == ("SANDBOX", "sandbox")
        assert first.url.startswith("http://127.0.0.1:")
    finally:
        assert stop(tmp_path)
    assert find(tmp_path) is None


def test_its_id_and_port_outlive_the_process(tmp_path: Path) -> None:
    first = ensure_running(tmp_path)
    os.kill(first.pid, signal.SIGKILL)
    try:
        second = ensure_running(tmp_path)
        assert (second.id, second.url) == (first.id, first.url)
        assert second.pid != first.pid
    finally:
        stop(tmp_path)


def test_it_leads_a_session_of_its_own(tmp_path: Path) -> None:
    try:
        assert os.getsid(ensure_running(tmp_path).pid) != os.getsid(0)
    finally:
        stop(tmp_path)


def test_deleting_its_folder_starts_afresh(tmp_path: Path) -> None:
    first = ensure_running(tmp_path)
    shutil.rmtree(folder_of(tmp_path))
    try:
        assert ensure_running(tmp_path).id != first.id
    finally:
        stop(tmp_path)


def test_a_stranger_on_its_port_is_not_taken_for_it(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        url = f"http://127.0.0.1:{stranger.getsockname()[1]}"
        address = {"url": url, "id": "x", "account_id": "a", "passcode": "p", "pid": 1}
        (folder / PORT_FILE).write_text(json.dumps(address))
        stranger.close()
    assert find(tmp_path) is None


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.mkdir()
    (folder / "settings.json").write_text('{"max_in_flight": 0, "colour": "red"}')
    with pytest.raises(SandboxError, match=LOG_FILE):
        ensure_running(tmp_path)
    log = (folder / LOG_FILE).read_text()
    assert "max_in_flight: Input should be greater than 0" in log
    assert "colour: Extra inputs are not permitted" in log


def test_its_files_are_private(tmp_path: Path) -> None:
    try:
        ensure_running(tmp_path)
        modes = {p.name: p.stat().st_mode & 0o777 for p in folder_of(tmp_path).iterdir()}
        assert modes["sandbox.sqlite"] == modes[PORT_FILE] == 0o600
        assert folder_of(tmp_path).stat().st_mode & 0o777 == 0o700
    finally:
        stop(tmp_path)
