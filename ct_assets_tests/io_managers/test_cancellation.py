import contextlib
import signal
import threading
from collections.abc import Iterator

import pytest

from ct_assets.io_managers.cancellation import SIGNALS, stoppable


class UsualError(Exception):
    pass


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    """What both signals do otherwise."""

    def handler(number: int, _: object) -> None:
        raise UsualError(number)

    before = {number: signal.signal(number, handler) for number in SIGNALS}
    yield
    for number, found in before.items():
        signal.signal(number, found)


def told_to_stop(*numbers: int) -> list[bool]:
    """Whether the event was set after each signal that came within the block."""
    seen = []
    with contextlib.suppress(UsualError), stoppable() as stop:
        for number in numbers:
            signal.raise_signal(number)
            seen.append(stop.is_set())
    return seen


@pytest.mark.parametrize("number", SIGNALS)
def test_a_first_signal_is_taken_note_of(number: int) -> None:
    assert told_to_stop(number) == [True]


def test_a_second_one_is_not_kept_waiting() -> None:
    assert told_to_stop(signal.SIGTERM, signal.SIGINT, signal.SIGINT) == [True]


def stopped_with(error: Exception | None) -> None:
    with stoppable():
        signal.raise_signal(signal.SIGTERM)
        if error:
            raise error


def test_a_signal_is_passed_on_after_the_block() -> None:
    with pytest.raises(UsualError, match="15"):
        stopped_with(None)


def test_without_a_signal_nothing_is_changed() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]

    with stoppable() as stop:
        assert not stop.is_set()

    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_an_error_of_the_block_gives_way_to_the_signal() -> None:
    with pytest.raises(UsualError) as raised:
        stopped_with(ValueError("stopped"))

    assert isinstance(raised.value.__context__, ValueError)


def test_other_threads_have_no_signals() -> None:
    found: list[bool] = []

    def run() -> None:
        with contextlib.suppress(ValueError), stoppable() as stop:
            found.append(stop.is_set())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert found == [False]
