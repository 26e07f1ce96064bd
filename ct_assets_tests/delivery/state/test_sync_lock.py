import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from ct_assets.delivery.state.sync_lock import SyncBusyError, locked


def test_a_second_run_says_why_it_does_not_wait(tmp_path: Path) -> None:
    home = tmp_path / "state" / "to" / "customers"
    with (
        locked(home),
        pytest.raises(SyncBusyError, match=r"customers: another run .*process \d+"),
        locked(home),
    ):
        pass


def test_a_second_run_waits_for_the_first(tmp_path: Path) -> None:
    home = tmp_path / "state" / "to" / "customers"
    entered, done = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(home):
            entered.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(10)
    said = []

    def waiting(text: str) -> None:
        said.append(text)
        done.set()

    with locked(home, timedelta(seconds=30), waiting=waiting):
        assert done.is_set()
    holder.join()
    assert said == [
        f"customers: another run of this sync is under way (process {os.getpid()}); "
        "this one waits for it"
    ]
