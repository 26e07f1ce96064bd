"""No row is lost or invented and no acknowledged event goes again, whatever happens in between."""

import itertools
from collections import Counter
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from ct_assets.delivery import DeliveryFailed, DeliveryResult
from ct_assets.delivery.operations import parked_records
from ct_assets.delivery.operations.refused_records import replay
from ct_assets.delivery.operations.settled_state import settled
from ct_assets.sandbox.faults import FaultName
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import EVENTS, Row, Sync, event

FAULTS: list[FaultName] = [
    "ok",
    "429",
    "503",
    "503-stored",
    "reset-stored",
    "truncated",
    "numbers-missing",
]
KEYS = st.sets(st.integers(0, 11), max_size=12)
SCRIPTS = st.lists(st.sampled_from(FAULTS), max_size=6)

_numbers = itertools.count()


class Machine(RuleBasedStateMachine):
    def __init__(self, folder: Path, sandbox: SandboxInTest) -> None:
        super().__init__()
        self.number = next(_numbers)
        folder = folder / str(self.number)
        folder.mkdir()
        self.sync = Sync(folder, EVENTS, sandbox)
        self.sync.policy_with(sync=f"sync{self.number}")
        self.sync.home = folder / "state" / "to" / self.sync.policy.sync
        self.acked: Counter[str] = Counter()

    @rule(keys=KEYS, faults=SCRIPTS, on_unknown=st.sampled_from(["resend", "park"]))
    def run(self, keys: set[int], faults: list[FaultName], on_unknown: str) -> None:
        self.sync.policy_with(on_unknown=on_unknown)
        self.sync.sandbox.faults.script(*faults)
        try:
            result: DeliveryResult | None = self.sync.run(self.rows(keys))
        except DeliveryFailed as failed:
            result = failed.result
        self.sync.sandbox.faults.clear()
        assert result
        self.check(result, keys)

    @rule(keys=KEYS, faults=SCRIPTS)
    def run_killed_before_it_takes_note(self, keys: set[int], faults: list[FaultName]) -> None:
        self.sync.sandbox.faults.script(*faults)
        self.sync.run_until_fold(self.rows(keys))
        self.sync.sandbox.faults.clear()

    @rule()
    def resend_parked(self) -> None:
        parked_records.resend(self.sync.home, self.sync.policy)

    @rule()
    def discard_parked(self) -> None:
        parked_records.discard(self.sync.home, self.sync.policy)

    @rule()
    def replay_refused(self) -> None:
        replay(self.sync.home, self.sync.policy)

    def rows(self, keys: set[int]) -> list[Row]:
        """Every fourth is refused: an event without a name."""
        rows: list[Row] = []
        for key in sorted(keys):
            name = f"{self.number}-{key}"
            row = dict(event(name, identity=str(key % 3), Key=name))
            if key % 4 == 3:
                row["_record"] = row["_record"].replace('"evtName":"Bought",', "")
            rows.append(row)
        return rows

    def check(self, result: DeliveryResult, keys: set[int]) -> None:
        counts = result.counts
        assert counts.valid == len(keys)
        assert counts.valid == counts.unchanged + counts.planned + sum(counts.held.values())
        assert counts.planned == counts.acked + counts.refused + counts.unknown + counts.unsent
        assert counts.violations() == []
        report = pl.read_parquet(result.report).filter(pl.col("outcome") != "held")
        assert dict(report["outcome"].value_counts().rows()) == {
            name: rows
            for name in ("acked", "refused", "unknown", "unsent")
            if (rows := getattr(counts, name))
        }
        self.check_acked()

    def check_acked(self) -> None:
        """What the state calls acknowledged is at the server, and never arrives again."""
        arrived = self.arrivals()
        for key, times in self.acked.items():
            assert arrived[key] == times
        with settled(self.sync.home, self.sync.policy) as connection:
            keys = {key for (key,) in connection.execute("select key from synced").fetchall()}
        assert keys <= arrived.keys()
        assert self.acked.keys() <= keys
        self.acked = Counter({key: arrived[key] for key in keys})

    def arrivals(self) -> Counter[str]:
        keys = [str(event.props["Key"]) for event in self.sync.sandbox.events()]
        return Counter(key for key in keys if key.startswith(f"{self.number}-"))


def test_the_law_holds(tmp_path: Path, clevertap_sandbox: SandboxInTest) -> None:
    class Here(Machine):
        def __init__(self) -> None:
            super().__init__(tmp_path, clevertap_sandbox)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=6,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
