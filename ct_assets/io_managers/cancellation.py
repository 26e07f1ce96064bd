"""Cancellation ends a delivery in good order when its process is told to end."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def stoppable() -> Iterator[threading.Event]:
    """An event that a first SIGTERM or SIGINT sets, as a cancel in Dagster's UI does.

    The signal takes its usual effect after the block, so that what is in flight gets its answers
    and its place in the ledger before; a second signal takes effect at once.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    # None where a handler is not Python's: it could not be put back.
    handlers = {n: handler for n in SIGNALS if (handler := signal.getsignal(n)) is not None}
    received: list[int] = []

    def restore() -> None:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def receive(number: int, _: FrameType | None) -> None:
        received.append(number)
        stop.set()
        if len(received) > 1:
            received.clear()
            restore()
            signal.raise_signal(number)

    for number in handlers:
        signal.signal(number, receive)
    try:
        yield stop
    finally:
        restore()
        if received:
            signal.raise_signal(received[0])
