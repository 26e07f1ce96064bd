"""A storm of kills over many syncs, and what the ledger, the state and the server have to say."""

import csv
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Literal

import polars as pl

from ct_assets.delivery import Policy, outbox
from ct_assets.delivery.ledger.ledger_entries import LedgerEntry
from ct_assets.delivery.ledger.ledger_reader import readable_ledger
from ct_assets.delivery.operations import parked_records
from ct_assets.delivery.operations.settled_state import settled
from ct_assets.delivery.settlement.last_outcomes import stretches
from ct_assets.delivery.state.sync_files import OUTBOX
from ct_assets_tests.clevertap.account import destination_from_env
from ct_assets_tests.delivery import crash
from ct_assets_tests.delivery.crash import Moment, Server, Timeline
from ct_assets_tests.delivery.kit import EVENTS, Row, event, snapshot

PEOPLE = 997
KILLS = 6
"""Of one sync, at most, before a run is left alone."""

DEFINITIONS = """\
from pathlib import Path
import ct_assets
from ct_assets_tests.delivery.crash import watched
watched()
defs = ct_assets.definitions(Path(__file__).parent)
"""
DECLARED = """\
type: ct_assets.components.SourceTable
attributes: {{asset: shop/{sync}, file: {sync}.csv, types: {{at: integer}}}}
---
type: ct_assets.components.ClevertapSync
attributes:
  name: {sync}
  object: event
  source: shop/{sync}
  event: Bought
  event_key: key
  ts: at
  identify_by: [{{identity: person}}]
  fields: {{Key: key}}
  on_unknown: {on_unknown}
"""


@dataclass(frozen=True)
class Kill:
    sync: str
    moment: Moment
    dagster: bool
    in_doubt: tuple[frozenset[str], ...]
    """Keys of the batches that were under way."""


@dataclass
class Storm:
    """`rage` kills runs of `events` events, each sync run again until it is whole."""

    folder: Path
    server: Server
    on_unknown: Literal["resend", "park"]
    events: int
    rng: Random
    dagster_every: int = 0
    """Every so many syncs are Dagster runs; none with 0."""
    kills: list[Kill] = field(default_factory=list)
    acked: dict[str, int] = field(default_factory=dict)
    """Keys that ledger or state called acknowledged, with their arrivals up to then."""
    parked: set[str] = field(default_factory=set)
    syncs: int = 0
    _timelines: dict[bool, Timeline] = field(default_factory=dict)

    @property
    def sync(self) -> str:
        return f"sync{self.syncs}"

    @property
    def dagster(self) -> bool:
        return bool(self.dagster_every) and self.syncs % self.dagster_every == 0

    @property
    def policy(self) -> Policy:
        return replace(EVENTS, sync=self.sync, on_unknown=self.on_unknown)

    @property
    def home(self) -> Path:
        destination = destination_from_env(environ=self._env())
        assert destination
        return self.folder / "data" / "state" / destination.name / self.sync

    def rage(self, kills: int) -> None:
        while len(self.kills) < kills:
            self._next()
            for _ in range(self.rng.randint(1, KILLS)):
                moment = self._timelines[self.dagster].draw(self.rng)
                if self._run(moment) is None:
                    self._note_kill(moment)
                if self.rng.random() < 0.3:
                    self._inspect()
            assert self._run(None)
            self._inspect()

    def _next(self) -> None:
        """Begins a sync; the first of its kind is run to its end, to see how long all takes."""
        self.syncs += 1
        self._write()
        if self.dagster not in self._timelines:
            whole = self._run(None)
            assert whole
            self._timelines[self.dagster] = whole
            self._next()

    def _run(self, at: Moment | None) -> Timeline | None:
        if self.dagster:
            dagster = Path(sys.executable).with_name("dagster")
            command = [
                str(dagster),
                "asset",
                "materialize",
                "--select",
                "*",
                "-m",
                "storm.definitions",
            ]
            with (self.folder / "dagster.log").open("ab") as log:
                return crash.run(command, self._env(), at, cwd=self.folder, stdout=log, stderr=log)
        source = str(self.folder / f"{self.sync}.parquet")
        command = [sys.executable, "-m", crash.__name__, str(self.home), source, self.on_unknown]
        command += [self.server.address.url, self.server.address.id]
        return crash.run(command, os.environ, at)

    def _env(self) -> Mapping[str, str]:
        address = self.server.address
        return {
            **os.environ,
            "CLEVERTAP_API_URL": address.url,
            "CLEVERTAP_ACCOUNT_ID": address.account_id,
            "CLEVERTAP_PASSCODE": address.passcode,
            "CT_DATA_DIR": str(self.folder / "data"),
            "DAGSTER_HOME": str(self.folder / "home"),
            "PYTHONPATH": f"{self.folder}:{Path(crash.__file__).parents[2]}",
        }

    def _write(self) -> None:
        keys = [f"{self.sync}-{n}" for n in range(self.events)]
        rows = [
            (key, f"p{n % PEOPLE}", 1_600_000_000 + n * 7919 % 100_000)
            for n, key in enumerate(keys)
        ]
        if not self.dagster:
            found: Sequence[Row] = [event(k, identity=p, ts=ts, Key=k) for k, p, ts in rows]
            snapshot(self.folder / f"{self.sync}.parquet", found)
            return
        package = self.folder / "storm"
        (package / "defs" / "sync").mkdir(parents=True, exist_ok=True)
        (self.folder / "home").mkdir(exist_ok=True)
        with (self.folder / f"{self.sync}.csv").open("w") as file:
            csv.writer(file).writerows([("key", "person", "at"), *rows])
        for path in (package / "__init__.py", package / "defs" / "__init__.py"):
            path.touch()
        (self.folder / "pyproject.toml").write_text(
            '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "storm"\n'
        )
        (package / "definitions.py").write_text(DEFINITIONS)
        (package / "defs" / "sync" / "defs.yaml").write_text(
            DECLARED.format(sync=self.sync, on_unknown=self.on_unknown)
        )

    def _note_kill(self, moment: Moment) -> None:
        """Reads what the killed run left, without settling it."""
        left = outcomes_left(self.home)
        arrivals = self.server.arrivals()
        for key in left.filter(outcome="acked")["key"]:
            self.acked.setdefault(key, len(arrivals.get(key, ())))
        batches = left.filter(outcome="unknown").group_by("batch").agg("key")["key"].to_list()
        doubt = tuple(frozenset(keys) for keys in batches)
        self.kills.append(Kill(self.sync, moment, self.dagster, doubt))

    def _inspect(self) -> None:
        """Settles, and takes note of what the state calls acknowledged."""
        if not self.home.exists():
            return
        with settled(self.home, self.policy) as connection:
            keys = connection.execute("select key from synced").fetchall()
        self.parked |= set(parked_records.listing(self.home, self.policy)["key"].to_list())
        arrivals = self.server.arrivals()
        for (key,) in keys:
            self.acked.setdefault(key, len(arrivals.get(key, ())))

    def missing(self) -> set[str]:
        """Events of all syncs that are not at the server."""
        arrivals = self.server.arrivals()
        names = (f"sync{sync}" for sync in range(1, self.syncs + 1))
        return {
            key
            for name in names
            for key in (f"{name}-{n}" for n in range(self.events))
            if key not in arrivals
        }

    def repeated(self) -> set[str]:
        """Events that arrived more than once."""
        return {key for key, requests in self.server.arrivals().items() if len(requests) > 1}

    def repeated_batches(self) -> int:
        """Requests of which some event arrived once more."""
        arrivals = self.server.arrivals()
        return len({arrivals[key][0] for key in self.repeated()})

    def never_in_doubt(self) -> set[str]:
        """Repeated events that no kill had left unknown."""
        return self.repeated().difference(
            *(batch for kill in self.kills for batch in kill.in_doubt)
        )

    def acked_but_missing(self) -> set[str]:
        return self.acked.keys() - self.server.arrivals().keys()

    def sent_after_ack(self) -> Counter[str]:
        """Arrivals of events that had been called acknowledged before."""
        arrivals = self.server.arrivals()
        return +Counter(
            {key: len(arrivals.get(key, ())) - seen for key, seen in self.acked.items()}
        )


def outcomes_left(home: Path) -> pl.DataFrame:
    """key, batch and outcome, by the ledger, of a delivery that was not settled."""
    if not (home / OUTBOX).exists():
        return pl.DataFrame(schema={"key": pl.String, "batch": pl.UInt32, "outcome": pl.String})
    delivery = outbox.origin(home / OUTBOX).delivery
    with readable_ledger(home) as connection:
        rows = connection.execute(
            "select id, batch, first, until, outcome, why from sends"
            " where delivery = ? order by id",
            (delivery,),
        ).fetchall()
    parts = [
        (s.batch, s.first, s.until, s.outcome) for s in stretches(map(LedgerEntry._make, rows))
    ]
    schema = {"batch": pl.UInt32, "first": pl.Int64, "until": pl.Int64, "outcome": pl.String}
    records = pl.scan_parquet(home / OUTBOX).select("key", "batch", "position")
    joined = records.join(pl.LazyFrame(parts, schema=schema, orient="row"), on="batch")
    within = pl.col("position").is_between("first", "until", closed="left")
    return joined.filter(within).select("key", "batch", "outcome").collect()
