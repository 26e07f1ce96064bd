import threading

import pytest

from ct_assets.sources.connections.interruptible import interruptible


class SignalError(BaseException):
    pass


def test_the_result_is_that_of_the_work() -> None:
    assert interruptible(lambda: 7, cancel=print, look=print, every=60) == 7


def test_an_error_of_the_work_is_raised_here() -> None:
    def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        interruptible(work, cancel=print, look=print, every=60)


def test_what_is_raised_while_it_waits_cancels_the_work() -> None:
    ended = threading.Event()

    def look() -> None:
        raise SignalError

    with pytest.raises(SignalError):
        interruptible(lambda: ended.wait(60), cancel=ended.set, look=look, every=0.001)

    assert ended.is_set()
