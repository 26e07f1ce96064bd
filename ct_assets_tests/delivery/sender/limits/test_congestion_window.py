import threading

from hypothesis import given
from hypothesis import strategies as st

from ct_assets.delivery.sender.limits.congestion_window import CongestionWindow


def enter(window: CongestionWindow) -> int:
    entered = window.enter()
    assert entered is not None
    return entered


def pass_through(window: CongestionWindow, *, congested: bool | None) -> None:
    window.leave(enter(window), congested=congested)


def test_congestion_shrinks_success_raises() -> None:
    window = CongestionWindow()

    pass_through(window, congested=True)
    shrunk = window.size
    for _ in range(200):
        pass_through(window, congested=False)

    assert (shrunk, window.size, window.smallest) == (10, 15, 10)


def test_requests_that_fail_together_shrink_once() -> None:
    window = CongestionWindow()
    entered = [enter(window) for _ in range(15)]

    for ticket in entered:
        window.leave(ticket, congested=True)

    assert window.size == 10


def test_an_answer_that_says_nothing_changes_nothing() -> None:
    window = CongestionWindow()

    pass_through(window, congested=None)

    assert window.size == 15


@given(st.lists(st.sampled_from([True, False, None]), max_size=200))
def test_size_stays_within_one_and_the_limit(answers: list[bool | None]) -> None:
    window = CongestionWindow()

    for congested in answers:
        pass_through(window, congested=congested)
        assert 1 <= window.size <= 15


def test_who_waits_enters_when_another_leaves() -> None:
    window, entered = CongestionWindow(limit=1), []
    ticket = enter(window)
    waiting = threading.Thread(target=lambda: entered.append(window.enter()))
    waiting.start()

    window.leave(ticket, congested=False)
    waiting.join(timeout=30)

    assert entered == [0]


def test_nobody_waits_for_ever_while_it_shrinks_and_grows() -> None:
    window, answers = CongestionWindow(), (True, False, False, None, False)

    def work(first: int) -> None:
        for number in range(100):
            pass_through(window, congested=answers[(first + number) % len(answers)])

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert not any(thread.is_alive() for thread in threads)


def test_closing_sends_everybody_away() -> None:
    window, entered = CongestionWindow(limit=1), []
    enter(window)
    waiting = threading.Thread(target=lambda: entered.append(window.enter()))
    waiting.start()

    window.close()
    waiting.join(timeout=30)

    assert entered == [None]
    assert window.enter() is None
