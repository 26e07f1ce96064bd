import threading
from pathlib import Path

import dagster as dg
import pytest

from ct_assets.io_managers.still_at_work import THREAD, StillAtWork, still_at_work


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


def test_work_that_never_looks_up_is_not_silent_either() -> None:
    lines: list[str] = []
    thrice = threading.Event()

    def log(line: str) -> None:
        lines.append(line)
        if len(lines) >= 3:
            thrice.set()

    with StillAtWork(log, "orders: splitting rows", beats=True, silent=0.01):
        assert thrice.wait(60)

    assert set(lines) == {"orders: splitting rows, for 0 s so far"}


def test_a_log_that_takes_no_line_stops_no_work() -> None:
    twice = iter([threading.Event(), threading.Event()])
    tried = threading.Event()

    def log(_: str) -> None:
        next(twice, tried).set()
        raise OSError("the disk is full")

    work = StillAtWork(log, "orders: splitting rows", beats=True, silent=0.01)
    with pytest.raises(ValueError, match="of the work"), work:  # noqa: PT012 -- inside it
        assert tried.wait(60)
        raise ValueError("of the work")


def beating(work: StillAtWork) -> bool:
    with work:
        return any(thread.name == THREAD for thread in threading.enumerate())


def test_an_instance_in_memory_hears_from_the_work_alone() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        log = dg.build_asset_context(instance=instance).log
        assert not beating(still_at_work(log, instance, "orders: splitting rows"))


def test_an_instance_on_a_disk_hears_from_a_thread(tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        log = dg.build_asset_context(instance=instance).log
        assert beating(still_at_work(log, instance, "orders: splitting rows"))

    assert THREAD not in [thread.name for thread in threading.enumerate()]
