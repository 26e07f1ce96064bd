"""Inspection reads what is known of rows and syncs, and leaves every byte as it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from ct_assets import sql
from ct_assets.delivery import outbox
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.guards.state_comparison import Comparison, compare
from ct_assets.delivery.ledger.ledger_reader import readable_ledger
from ct_assets.delivery.settlement.settle import settle
from ct_assets.delivery.state.shared_folders import reading
from ct_assets.delivery.state.state_copy import copied_home
from ct_assets.delivery.state.sync_files import LEDGER, STATE, readable_errors
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.delivery.state.witness import Witness

LATEST = 5


@dataclass(frozen=True)
class DeliveryRun:
    """A delivery in the ledger."""

    delivery: int
    run: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SyncStatus:
    """The state of a sync at a destination, in figures."""

    last: DeliveryRun | None
    synced: int
    """Rows that CleverTap has acknowledged."""
    held: Mapping[str, int]
    """Rows that are not sent, by reason: parked, refused ..."""
    open: bool
    """A delivery was cut short; the next run settles it before anything else."""
    comparison: Comparison
    """With all that knows of its deliveries."""


@dataclass(frozen=True)
class HeldRecord:
    reason: str
    code: str | None
    message: str | None
    since: datetime


@dataclass(frozen=True, kw_only=True)
class ReportedOutcome:
    """A line of a delivery report, with the time of its delivery."""

    at: datetime | None
    run: str
    outcome: str
    code: str | None
    message: str | None
    hint: str | None


@dataclass(frozen=True, kw_only=True)
class KeyHistory:
    """All that the state and the reports say of one key."""

    acknowledged: bool
    by: DeliveryRun | None
    """The run whose record was acknowledged; None if the ledger no longer has it."""
    doubtful: bool
    """An answer was lost, so CleverTap may hold an older record."""
    held: tuple[HeldRecord, ...]
    outcomes: tuple[ReportedOutcome, ...]
    """The latest first."""


def sync_status(home: Path, witnesses: Sequence[Witness] = ()) -> SyncStatus | None:
    """None if nothing was ever sent. A delivery that was cut short stays so.

    `witnesses` are what the caller knows of earlier deliveries.

    Raises:
        SyncBusyError: A run is under way.
    """
    with reading(home), readable_errors(home):
        comparison, is_open = compare(home, witnesses, thorough=False), outbox.exists(home)
        if STATE in comparison.unusable or not (home / STATE).exists():
            lost = SyncStatus(last=None, synced=0, held={}, open=is_open, comparison=comparison)
            return lost if comparison.losses else None
        with sql.opened(home / STATE, read_only=True) as connection:
            (synced,) = connection.execute("select count(*) from synced").fetchall()[0]
            held = connection.execute("select reason, count(*) from held group by 1 order by 1")
            reasons = dict(held.fetchall())
        runs = {} if LEDGER in comparison.unusable else _runs(home)
        return SyncStatus(
            last=runs[max(runs)] if runs else None,
            synced=synced,
            held=reasons,
            open=is_open,
            comparison=comparison,
        )


def key_history(home: Path, policy: Policy, key: str) -> KeyHistory | None:
    """None if nothing was ever sent."""
    with copied_home(home, needs="reports/*") as copy:
        return _key_history(home, copy, policy, key) if (copy / STATE).exists() else None


def _key_history(home: Path, copy: Path, policy: Policy, key: str) -> KeyHistory:
    with (
        readable_errors(home),
        SyncState.open_unlocked(copy, policy) as state,
        state.database() as connection,
    ):
        settle(state, connection)
        runs = _runs(copy)
        synced = connection.execute(
            "select delivery, fingerprint is null from synced where key = ?", [key]
        ).fetchall()
        held = connection.execute(
            "select reason, code, message, since from held where key = ?", [key]
        )
        return KeyHistory(
            acknowledged=any(delivery is not None for delivery, _ in synced),
            by=next((runs[delivery] for delivery, _ in synced if delivery in runs), None),
            doubtful=any(doubtful for _, doubtful in synced),
            held=tuple(
                HeldRecord(reason, code, message, since.replace(tzinfo=UTC))
                for reason, code, message, since in held.fetchall()
            ),
            outcomes=tuple(_outcomes([home, copy], key, runs)),
        )


def _outcomes(
    homes: Sequence[Path], key: str, runs: Mapping[int, DeliveryRun]
) -> Iterator[ReportedOutcome]:
    """The latest first; a delivery that only the copy has settled is in the copy's reports."""
    reports = {path.stem: path for home in homes for path in home.glob("reports/*.parquet")}
    outcomes = 0
    for name in sorted(reports, reverse=True):
        rows = (
            pl.scan_parquet(reports[name], glob=False)
            .filter(key=key)
            .collect()
            .iter_rows(named=True)
        )
        for row in rows:
            shown = {name: row[name] for name in ("outcome", "code", "message", "hint", "run")}
            yield ReportedOutcome(**shown, at=runs[int(name)].at if int(name) in runs else None)
            outcomes += 1
        if outcomes >= LATEST:
            return


def _runs(home: Path) -> dict[int, DeliveryRun]:
    if not (home / LEDGER).exists():
        return {}
    with readable_ledger(home) as connection:
        rows = connection.execute("select id, run, at from deliveries").fetchall()
    return {
        number: DeliveryRun(number, run, datetime.fromisoformat(at)) for number, run, at in rows
    }
