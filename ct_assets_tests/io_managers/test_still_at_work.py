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


def test_what_took_long_is_told_when_it_ends() -> None:
    run = Run()
    with run.work:
        run.time = 9
        run.work.begin("orders: sending")
        run.time = 11

    assert run.lines == [(9, "orders: splitting rows, for 9 s so far")]
