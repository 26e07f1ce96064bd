import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ct_assets.clevertap.destination import (
    Destination,
    sandbox_destination,
)
from ct_assets.delivery.sender.limits.account_slots import (
    AccountSlots,
    SlotsError,
    other_slots,
    upload_slots,
)
from ct_assets_tests.clevertap.account import destination_from_env

NEVER = threading.Event()


def all_free(slots: AccountSlots, size: int) -> bool:
    """Whether this process can hold every slot at once."""
    with ExitStack() as held:
        return all(held.enter_context(slots.slot(NEVER)) for _ in range(size))


@contextmanager
def process(script: str, *args: object) -> Iterator[subprocess.Popen[str]]:
    """A process that says "ready", does as told, and ends with its standard input."""
    child = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdin
    assert child.stdout
    with child:
        try:
            assert child.stdout.readline() == "ready\n"
            yield child
        finally:
            child.kill()


HOLD = """
import sys, threading
from contextlib import ExitStack
from pathlib import Path
from ct_assets.delivery.sender.limits.account_slots import AccountSlots
slots = AccountSlots(Path(sys.argv[1]), int(sys.argv[2]))
with ExitStack() as held:
    for _ in range(int(sys.argv[3])):
        held.enter_context(slots.slot(threading.Event()))
    print("ready", flush=True)
    sys.stdin.read()
"""


def taken_within(slots: AccountSlots, stop: threading.Event) -> bool:
    with slots.slot(stop) as held:
        return held


def test_no_more_than_there_are(tmp_path: Path) -> None:
    slots, stop = AccountSlots(tmp_path / "slots", 3), threading.Event()

    with ExitStack() as held:
        assert all(held.enter_context(slots.slot(NEVER)) for _ in range(3))
        stop.set()
        assert not taken_within(slots, stop)
    assert all_free(slots, 3)


def test_one_who_waits_gets_the_slot_that_is_given_back(tmp_path: Path) -> None:
    slots, got = AccountSlots(tmp_path / "slots", 1), []
    waiting = threading.Thread(target=lambda: got.append(taken_within(slots, NEVER)))

    with slots.slot(NEVER):
        waiting.start()
    waiting.join(timeout=30)

    assert got == [True]


def test_stop_ends_the_waiting(tmp_path: Path) -> None:
    slots, stop, got = AccountSlots(tmp_path / "slots", 1), threading.Event(), []
    waiting = threading.Thread(target=lambda: got.append(taken_within(slots, stop)))

    with slots.slot(NEVER):
        waiting.start()
        stop.set()
        waiting.join(timeout=30)

    assert got == [False]


def test_shared_within_a_process(tmp_path: Path) -> None:
    first, second = AccountSlots(tmp_path / "slots", 2), AccountSlots(tmp_path / "slots", 2)
    stop = threading.Event()
    stop.set()

    with first.slot(NEVER), second.slot(NEVER):
        assert first._take() is None
        assert second._take() is None
    assert all_free(second, 2)


def test_slots_of_a_killed_process_are_free_again(tmp_path: Path) -> None:
    slots = AccountSlots(tmp_path / "slots", 15)

    with process(HOLD, tmp_path / "slots", 15, 14) as holder:
        with slots.slot(NEVER) as held:
            assert held
            assert slots._take() is None
        holder.kill()
        holder.wait()

        assert all_free(slots, 15)


FORK = """
import os, sys, threading
from pathlib import Path
from ct_assets.delivery.sender.limits.account_slots import AccountSlots
slots = AccountSlots(Path(sys.argv[1]), 1)
with slots.slot(threading.Event()):
    if os.fork() == 0:
        sys.stdin.read()
        os._exit(0)
    print("ready", flush=True)
    threading.Event().wait()
"""


def test_a_child_does_not_inherit_its_parents_slots(tmp_path: Path) -> None:
    slots = AccountSlots(tmp_path / "slots", 1)

    with process(FORK, tmp_path / "slots") as parent:
        assert slots._take() is None
        parent.kill()
        parent.wait()

        assert all_free(slots, 1)


GREEDY = """
import sys, threading
from pathlib import Path
from ct_assets.delivery.sender.limits.account_slots import AccountSlots
slots = AccountSlots(Path(sys.argv[1]), 3)
def grab():
    while True:
        with slots.slot(threading.Event()):
            pass
for _ in range(15):
    threading.Thread(target=grab, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_busy_process_does_not_starve_another(tmp_path: Path) -> None:
    slots = AccountSlots(tmp_path / "slots", 3)

    with process(GREEDY, tmp_path / "slots"):
        assert all(taken_within(slots, NEVER) for _ in range(50))


def account(url: str, account_id: str = "ABC-DEF-GHIJ") -> Destination:
    destination = destination_from_env(
        environ={
            "CLEVERTAP_ACCOUNT_ID": account_id,
            "CLEVERTAP_PASSCODE": "s3cret-passcode",
            "CLEVERTAP_API_URL": url,
        }
    )
    assert destination
    return destination


def test_an_account_has_one_set_whatever_its_host_is_called(tmp_path: Path) -> None:
    europe = upload_slots(account("https://api.clevertap.com"), tmp_path)

    assert upload_slots(account("https://eu1.api.clevertap.com"), tmp_path) is europe
    assert upload_slots(account("https://eu1.api.clevertap.com:443"), tmp_path) is europe
    assert upload_slots(account("https://API.clevertap.com/"), tmp_path) is europe
    assert upload_slots(account("https://in1.api.clevertap.com"), tmp_path) is not europe
    assert upload_slots(account("https://api.clevertap.com", "XYZ"), tmp_path) is not europe
    assert upload_slots(sandbox_destination("http://127.0.0.1:1", "a"), tmp_path) is not europe


def test_files_that_were_removed_are_made_anew_for_all(tmp_path: Path) -> None:
    ours, theirs = (
        AccountSlots(tmp_path / "root" / "slots", 3),
        AccountSlots(tmp_path / "root" / "slots", 3),
    )
    assert all_free(ours, 3)
    shutil.rmtree(tmp_path / "root")

    with ExitStack() as held:
        assert all(held.enter_context(theirs.slot(NEVER)) for _ in range(3))
        assert ours._take() is None
    assert all_free(ours, 3)


def test_other_endpoints_have_three_of_their_own(tmp_path: Path) -> None:
    destination = account("https://in1.api.clevertap.com")

    assert all_free(upload_slots(destination, tmp_path), 15)
    with ExitStack() as held:
        others = other_slots(destination, tmp_path)
        assert all(held.enter_context(others.slot(NEVER)) for _ in range(3))
        assert others._take() is None
        assert all_free(upload_slots(destination, tmp_path), 15)


def test_the_files_name_no_account_and_are_open_to_all(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with upload_slots(account("https://in1.api.clevertap.com"), root).slot(NEVER):
        paths = list(root.rglob("*"))

    assert not [path for path in paths if "ABC" in path.name]
    assert {oct(path.stat().st_mode) for path in paths} == {"0o41777", "0o100444"}


def test_a_place_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "root").touch()
    slots = upload_slots(account("https://in1.api.clevertap.com"), tmp_path / "root")

    with pytest.raises(SlotsError, match=r"Not a directory\); see that .*/root is a folder in"):
        taken_within(slots, NEVER)
