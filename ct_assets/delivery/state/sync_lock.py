"""SyncLock lets one process at a time work on the state of a sync, of this host or of all hosts."""

import contextlib
import fnmatch
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import filelock

from ct_assets.delivery.state.sync_files import ASIDE, CORE, FORGOTTEN, SPARE, readable_errors
from ct_assets.errors import UserError
from ct_assets.files import private_dir
from ct_assets.store.hold import LOCAL, Hold, is_copy, shared_hold, sharing
from ct_assets.store.postgres.lease import LeaseBusyError
from ct_assets.store.store_settings import DATABASE_URL, STORE_URL

POLL_SECONDS = 0.05


class SharedElsewhereError(UserError):
    """The state is shared by hosts, and this process does not know where."""


class SyncBusyError(UserError):
    """Another run of the sync holds its state."""


@contextlib.contextmanager
def locked(
    home: Path,
    patience: timedelta = timedelta(0),
    stop: threading.Event | None = None,
    waiting: Callable[[str], object] = lambda _: None,
    *,
    for_reading: bool = False,
    needs: str = "",
    local: bool = False,
    mends: bool = False,
) -> Iterator[Hold]:
    """Lets nobody else, in any process, work on the state at `home`; waits for its turn.

    Where hosts share the state, `home` is made equal to what they have, and published at the end.
    `for_reading` publishes nothing. `needs` is a pattern of files that are fetched beside those
    that every delivery needs. `local` is for whoever looks at nothing but this disk. `mends` works
    from what is left, where something of the shared state is lost.

    Raises:
        SharedElsewhereError: It is a copy of what hosts share, and this process shares nothing.
        SyncBusyError: The turn did not come within `patience`, or before `stop` was set.
    """
    path = _lock_file(home)
    lock = filelock.FileLock(path, mode=0o600)
    until = time.monotonic() + patience.total_seconds()
    _acquire(lock, home, patience, stop or threading.Event(), waiting)
    try:
        path.write_text(str(os.getpid()))
        store = None if local else sharing(home)
        if store is None:
            _check_alone(home, is_asked=not local)
            yield LOCAL
            return
        left = timedelta(seconds=max(0.0, until - time.monotonic()))
        with (
            readable_errors(home),
            told_busy(),
            shared_hold(
                *(store, home),
                patience=left,
                stop=stop,
                waiting=waiting,
                needed=_needed(needs),
                tail=SPARE,
                for_reading=for_reading,
                beside=FORGOTTEN,
                mends=mends,
            ) as hold,
        ):
            yield hold
    finally:
        lock.release()


def _check_alone(home: Path, *, is_asked: bool) -> None:
    """Stops a host that would go on alone: the others would send again what it sends."""
    if is_asked and is_copy(home):
        raise SharedElsewhereError(
            f"{home.name}: {home} is a copy of a state that hosts share, and {DATABASE_URL} and "
            f"{STORE_URL} are not set. Nothing was sent. Set both; to go on without other hosts: "
            "ct-assets state export FOLDER where they are set, and ct-assets state import FOLDER "
            "with a new CT_DATA_DIR"
        )


def _needed(pattern: str) -> Callable[[Iterable[str]], set[str]]:
    """Names of the files that are fetched.

    Also the latest report, which bears witness, and what lies aside, whose names are taken.
    """

    def needed(names: Iterable[str]) -> set[str]:
        known = set(names)
        reports = sorted(name for name in known if name.startswith("reports/"))
        chosen = {name for name in known if name in CORE or fnmatch.fnmatch(name, pattern)}
        chosen |= {name for name in known if name.endswith(ASIDE)}
        return chosen | set(reports[-1:])

    return needed


@contextlib.contextmanager
def told_busy() -> Iterator[None]:
    try:
        yield
    except LeaseBusyError as error:
        raise SyncBusyError(str(error)) from None


def _acquire(
    lock: filelock.BaseFileLock,
    home: Path,
    patience: timedelta,
    stop: threading.Event,
    waiting: Callable[[str], object],
) -> None:
    until, has_warned = time.monotonic() + patience.total_seconds(), False
    while True:
        with contextlib.suppress(filelock.Timeout):
            lock.acquire(timeout=0)
            return
        busy = (
            f"{home.name}: another run of this sync is under way "
            f"(process {_holder(Path(lock.lock_file))})"
        )
        if stop.wait(POLL_SECONDS) or time.monotonic() >= until:
            raise SyncBusyError(
                f"{busy}; nothing was sent by this one. Wait until it has ended, or stop it"
            )
        if not has_warned:
            waiting(f"{busy}; this one waits for it")
            has_warned = True


def _lock_file(home: Path) -> Path:
    """Outside the state, which a plan must leave as it is."""
    folder = private_dir(home.parents[1].with_name("locks") / home.parent.name)
    return folder / f"{home.name}.lock"


def _holder(lock: Path) -> str:
    with contextlib.suppress(OSError):
        return lock.read_text() or "unknown"
    return "unknown"
