"""Phases tells where the CPU of a run goes: `python -m ct_assets_tests.benchmarks.phases 300000`.

A first sync, one that finds nothing changed, and one of profiles of which one in a hundred has
changed are measured, each in a process of its own.
"""

import contextlib
import functools
import importlib
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from ct_assets.phone.automaton.current_automaton import WORTH_COMPILING, installed
from ct_assets_tests.benchmarks import chain
from ct_assets_tests.benchmarks.generate import edited, events, profiles
from ct_assets_tests.benchmarks.measure import measured, timed

PHASES = {
    "split: keys": ("ct_assets.mapping.split:write_keys",),
    "split: finding rows that stay": ("ct_assets.mapping.split:kept_rows",),
    "split: rows": (
        "ct_assets.components.assets.split.split_step:sink",
        "ct_assets.staging:Draft.sink",
    ),
    "split: reasons": (
        "ct_assets.components.assets.split.split_step:reasons",
        "ct_assets.components.assets.split.split_run:reason_keys",
    ),
    "split: hazards across rows": ("ct_assets.components.assets.split.split_run:with_warnings",),
    "checksums": (
        "ct_assets.components.assets.split.split_step:checksum",
        "ct_assets.components.assets.split.split_again:checksum",
        "ct_assets.components.assets.run_context:split_inputs",
        "ct_assets.io_managers.delivery_requests:checksum",
        "ct_assets.delivery.planned_delivery:checksum",
        "ct_assets.sources.read_again:checksum",
    ),
    "publishing files": ("ct_assets.staging:Staging.publish",),
    "comparing with the state": ("ct_assets.delivery.delivery_plan:compare",),
    "numbering": ("ct_assets.delivery.batch_numbers:number",),
    "outbox": ("ct_assets.delivery.outbox:write",),
    "sending": ("ct_assets.delivery.dispatch:send",),
    "settling: outcomes": ("ct_assets.delivery.settlement.settle:load_outcomes",),
    "settling: report": ("ct_assets.delivery.settlement.delivery_report:write",),
    "settling: fold": ("ct_assets.delivery.settlement.fold:fold",),
    "state: opening, closing": ("ct_assets.delivery.state.sync_state:SyncState.database",),
}
"""Functions, where they are called from, by the phase that their CPU counts for."""


class _Clock:
    """CPU seconds by phase; a phase inside another one counts for itself alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open: list[str] = []
        self._since = time.process_time()

    def turn(self) -> None:
        now = time.process_time()
        self.seconds[self._open[-1] if self._open else "Dagster, and the rest"] += now - self._since
        self._since = now

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.turn()
        self._open.append(name)
        try:
            yield
        finally:
            self.turn()
            self._open.pop()


def _clocked(clock: _Clock, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(work)
    def clocked(*args: Any, **named: Any) -> Any:
        with clock.phase(name):
            found = work(*args, **named)
        return _clocked_block(clock, name, found) if name.startswith("state") else found

    return clocked


@contextlib.contextmanager
def _clocked_block(clock: _Clock, name: str, block: Any) -> Iterator[Any]:
    """What it costs to enter and to leave a block, and not what is done inside."""
    with clock.phase(name):
        entered = block.__enter__()
    try:
        yield entered
    finally:
        with clock.phase(name):
            block.__exit__(None, None, None)


def owner_of(place: str) -> tuple[Any, str]:
    """The module or class that has a function of `PHASES`, and the function's name."""
    module, _, path = place.partition(":")
    *owners, function = path.split(".")
    return functools.reduce(getattr, owners, importlib.import_module(module)), function


def phases(root: Path, source: Path, declared: chain.Declared) -> dict[str, float]:
    """CPU seconds by phase of the two runs of Dagster that `chain.materialize` does."""
    _, tables, _ = timed(lambda: installed.lookup(WORTH_COMPILING))
    clock = _Clock()
    with contextlib.ExitStack() as patched:
        for name, places in PHASES.items():
            for place in places:
                owner, function = owner_of(place)
                clocked = _clocked(clock, name, getattr(owner, function))
                patched.enter_context(mock.patch.object(owner, function, clocked))
        found = chain.materialize(root, source, declared)
    clock.turn()
    rest = "Dagster, and the rest"
    clock.seconds["source"] = found["source CPU"]
    clock.seconds[rest] = found["sync CPU"] - sum(
        seconds for name, seconds in clock.seconds.items() if name not in (rest, "source")
    )
    return {**clock.seconds, "phone tables, once a process": tables}


def table(columns: dict[str, dict[str, float]], rows: int) -> str:
    """CPU seconds of each phase, for a million rows."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    lines = [f"{'':32}" + "".join(f"{name:>24}" for name in columns)]
    for name in [*names, "all"]:
        figures = (
            column.get(name, 0.0) if name != "all" else sum(column.values())
            for column in columns.values()
        )
        lines.append(f"{name:32}" + "".join(f"{each / rows * 1e6:24.2f}" for each in figures))
    return "\n".join(lines)


def columns(root: Path, source: Path, declared: chain.Declared) -> Iterator[tuple[str, Any]]:
    """Names of runs, one after the other, and their CPU seconds by phase."""
    file, run = root / "table.parquet", functools.partial(measured, phases, root)
    shutil.copyfile(source, file)
    yield "first sync", run(file, declared).result
    shutil.copyfile(source, file)
    yield "no change, rewritten", run(file, declared).result
    run(file, declared)  # takes note of the file, which nobody has written to for a while
    yield "no change, untouched", run(file, declared).result
    if declared["object"] == "profile":
        edited(source, file)
        yield "1 % changed", run(file, declared).result


def main() -> None:
    rows = int(sys.argv[1]) if sys.argv[1:] else 300_000
    kind = sys.argv[2] if sys.argv[2:] else "clean"
    declared = {"clean": chain.PROFILES, "messy": chain.MESSY, "events": chain.EVENTS}[kind]
    with tempfile.TemporaryDirectory() as folder, chain.account(Path(folder)):
        root, source = Path(folder, "home"), Path(folder, "source.parquet")
        root.mkdir()
        if kind == "events":
            events(source, rows)
        else:
            profiles(source, rows, messy_phones=kind == "messy")
        print(table(dict(columns(root, source, declared)), rows))


if __name__ == "__main__":
    main()
