"""Valid snapshots as the split writes them, and deliveries of them to a sandbox."""

import contextlib
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson
import polars as pl

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination, sandbox_destination
from ct_assets.delivery import DeliveryRequest, DeliveryResult, Policy, deliver
from ct_assets.delivery.dispatch import Dispatch, send_delivery
from ct_assets.delivery.planned_delivery import plan_delivery
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.system_columns import SYSTEM_COLUMNS

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PROFILES = Policy(sync="customers", object="profile", declaration="d1")
EVENTS = Policy(sync="purchases", object="event", declaration="d1", event_key="InvoiceId")
IMPATIENT = Retry(patience=0.2, unreached=0.2, base=0.001, lost_base=0.001, cap=0.01)

_SYSTEM = {name: column.dtype for name, column in SYSTEM_COLUMNS.items()}

Row = Mapping[str, Any]


def profile(
    key: str,
    *,
    kind: str = "identity",
    also: list[str] | None = None,
    clear: list[str] | None = None,
    **fields: object,
) -> Row:
    data = {name: value for name, value in fields.items() if value is not None}
    record: dict[str, Any] = {"type": "profile", kind: key, "profileData": data}
    return {
        "_key": key,
        "_kind": kind,
        "_identity": key,
        "_also": also,
        "_record": orjson.dumps(record).decode(),
        "_clear": clear,
        **fields,
    }


def event(key: str, identity: str = "1", ts: int | None = 1_700_000_000, **fields: object) -> Row:
    record: dict[str, Any] = {"type": "event", "identity": identity, "ts": ts, "evtName": "Bought"}
    record = {k: v for k, v in record.items() if v is not None} | {"evtData": fields}
    return {
        "_key": key,
        "_kind": "identity",
        "_identity": identity,
        "_ts": ts,
        "_record": orjson.dumps(record).decode(),
        **fields,
    }


def snapshot(path: Path, rows: Sequence[Row]) -> Path:
    names = dict.fromkeys(name for row in rows for name in row if name not in _SYSTEM)
    frame = pl.DataFrame(
        {name: [row.get(name) for row in rows] for name in _SYSTEM}, schema=_SYSTEM
    )
    extra = [pl.Series(name, [row.get(name) for row in rows]) for name in names]
    frame.with_columns(extra).write_parquet(path)
    return path


def keys(path: Path, rows: Sequence[Row], *, unreadable: int = 0) -> Path:
    shown = [{name: row.get(name) for name in ("_key", "_kind", "_also")} for row in rows]
    shown += [{"_key": None, "_kind": None, "_also": None}] * unreadable
    schema = {name: _SYSTEM[name] for name in ("_key", "_kind", "_also")}
    pl.DataFrame(shown, schema=schema).with_row_index("_row").write_parquet(path)
    return path


class Sync:
    """One sync with its state in a folder, delivered run after run."""

    def __init__(self, folder: Path, policy: Policy, sandbox: SandboxInTest) -> None:
        self.folder = folder
        self.policy = policy
        self.sandbox = sandbox
        self.home = folder / "state" / self.destination.name / policy.sync
        self.runs = 0
        self.client: Client | None = None
        """Of all its runs; to make one costs more than to deliver a few rows."""

    @property
    def destination(self) -> Destination:
        return sandbox_destination(self.sandbox.url, self.sandbox.id)

    def request(
        self, rows: Sequence[Row], *, unreadable: int = 0, **options: Any
    ) -> DeliveryRequest:
        self.runs += 1
        source = snapshot(self.folder / f"valid-{self.runs}.parquet", rows)
        known = keys(self.folder / f"keys-{self.runs}.parquet", rows, unreadable=unreadable)
        settings: dict[str, Any] = {
            "home": self.home,
            "valid": source,
            "keys": known,
            "policy": self.policy,
            "run": f"run-{self.runs}",
            "at": NOW,
        }
        return DeliveryRequest(**settings | options)

    def run(self, rows: Sequence[Row], **options: Any) -> DeliveryResult:
        return self.send(self.request(rows, **options))

    def send(
        self, request: DeliveryRequest, *, stop: threading.Event | None = None
    ) -> DeliveryResult:
        with self._opened() as client:
            return deliver(request, client, rng=Random(7), retry=IMPATIENT, stop=stop)

    def _opened(self) -> contextlib.AbstractContextManager[Client]:
        return contextlib.nullcontext(self.client) if self.client else Client(self.destination)

    def run_until_fold(
        self, rows: Sequence[Row], meanwhile: Callable[[], object] = list, **options: Any
    ) -> None:
        """A run that was killed after its last answer, before it took note of it in the state.

        `meanwhile` is called while it still holds the state.
        """
        request = self.request(rows, **options)
        with self._opened() as client, SyncState.open(self.home, self.policy) as state:
            dispatch = Dispatch(client, None, Random(7), threading.Event(), IMPATIENT, print)
            send_delivery(request, state, plan_delivery(request, state), dispatch)
            meanwhile()

    def plan_only(self, request: DeliveryRequest) -> None:
        """A run that was killed before its first request."""
        with SyncState.open(self.home, self.policy) as state:
            plan_delivery(request, state)

    def policy_with(self, **changes: Any) -> None:
        self.policy = replace(self.policy, **changes)


def report(result: DeliveryResult) -> list[tuple[str, str, str | None]]:
    """(key, outcome, code) of every row of the report, by key."""
    frame = pl.read_parquet(result.report).sort("key", "kind")
    return frame.select("key", "outcome", "code").rows()


def arrived(sandbox: SandboxInTest) -> list[dict[str, Any]]:
    """Every record of every request, in the order of arrival, whatever became of it."""
    return [r for request in sandbox.requests() for r in orjson.loads(request.body)["d"]]


def digests(folder: Path) -> dict[str, str]:
    """Every file below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
