"""Runs a command of Dagster's in a process whose clock goes faster than that of the machine.

`python -m ct_assets_tests.store.fast_clock FACTOR dagster-daemon run ...`
"""

import runpy
import shutil
import sys
import threading
import time
from datetime import UTC, datetime


def quicken(factor: float) -> None:
    """From now on a second of this process takes 1/`factor` of one."""
    import dagster._time as dagster_time

    real, began, wait = time.time, time.time(), threading.Condition.wait

    def now() -> float:
        return began + (real() - began) * factor

    def shorter(self: threading.Condition, timeout: float | None = None) -> bool:
        return wait(self, None if timeout is None else timeout / factor)

    def today() -> datetime:
        return datetime.fromtimestamp(now(), UTC)

    vars(time)["time"] = now
    vars(dagster_time)["_mockable_get_current_timestamp"] = now
    vars(dagster_time)["_mockable_get_current_datetime"] = lambda: datetime.fromtimestamp(
        now(), UTC
    )
    setattr(threading.Condition, "wait", shorter)  # noqa: B010 -- a method of a class


def main() -> None:
    _, factor, program, *arguments = sys.argv
    path = shutil.which(program)
    assert path
    sys.argv = [path, *arguments]
    quicken(float(factor))
    runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    main()
