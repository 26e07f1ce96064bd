import threading

from ct_assets.io_managers.still_at_work import StillAtWork


class Run:
    def __init__(self) -> None:
        self.time = 0.0
        self.lines: list[tuple[float, str]] = []
        self.work = StillAtWork(self.log, "orders: splitting rows", now=lambda: self.time)

    def log(self, line: str) -> None:
        self.lines.append((self.time, line))

    def until(self, time: float) -> None:
        while self.time < time:
            self.time += 1
            self.work.look()


def test_no_work_is_silent_for_five_seconds() -> None:
    run = Run()
    run.until(9)

    assert run.lines == [
        (4, "orders: splitting rows, for 4 s so far"),
        (8, "orders: splitting rows, for 8 s so far"),
    ]


def test_work_that_speaks_is_left_to_speak() -> None:
    run = Run()
    run.until(3)
    run.work.say("half of it")
    run.until(7)

    assert run.lines == [(3, "half of it"), (7, "orders: splitting rows, for 7 s so far")]


def test_each_work_has_its_own_time() -> None:
    run = Run()
    run.until(3)
    run.work.begin("orders: sending")
    run.until(7)

    assert run.lines == [(7, "orders: sending, for 4 s so far")]


def test_a_block_speaks_by_itself_and_ends_with_its_work() -> None:
    said, times = threading.Event(), iter(range(0, 10_000, 10))

    def log(line: str) -> None:
        said.set()
        raise OSError(line)

    work = StillAtWork(log, "reading", now=lambda: next(times), look_seconds=0.001)
    with work:
        assert said.wait(20)

    assert "still at work" not in {thread.name for thread in threading.enumerate()}
