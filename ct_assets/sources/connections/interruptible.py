"""Interruptible work is done by a thread, so that a signal to this one can end it on a server.

Python handles a signal between two steps of its main thread, and a driver may wait for hours in
one.
"""

import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
GRACE_SECONDS = 10.0
"""How long work that was cancelled may take to end."""


def interruptible(
    work: Callable[[], T], *, cancel: Callable[[], None], look: Callable[[], None], every: float
) -> T:
    """The result of `work`; `look` is called every so many seconds until then.

    Whatever is raised in this thread meanwhile, such as by a signal, leads to `cancel`.
    """
    done, results, errors = threading.Event(), list[T](), list[BaseException]()

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=run, name="ct-assets reads", daemon=True)
    thread.start()
    try:
        while not done.wait(every):
            look()
    except BaseException:
        with contextlib.suppress(Exception):
            cancel()
        thread.join(GRACE_SECONDS)
        raise
    if errors:
        raise errors.pop()
    return results.pop()
