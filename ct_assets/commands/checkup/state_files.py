"""Opens every state, ledger and outbox, compares them, and says what a run does about a fault."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, note, ok
from ct_assets.commands.support.known_deliveries import KnownDeliveries
from ct_assets.delivery import Policy, outbox
from ct_assets.delivery.guards import lost_state
from ct_assets.delivery.guards.state_comparison import Comparison, compare
from ct_assets.delivery.ledger import ledger_tables
from ct_assets.delivery.ledger.ledger_reader import readable_ledger
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.shared_folders import homes, reading
from ct_assets.delivery.state.sync_files import LEDGER, OUTBOX, STATE
from ct_assets.delivery.state.sync_lock import SyncBusyError
from ct_assets.errors import lock_holder
from ct_assets.sql import opened
from ct_assets.store.store_settings import StoreError


class UnhealthyError(Exception):
    """A state cannot be used; the message says why."""


class _OpenElsewhereError(Exception):
    """Another process has the state open; it is not damaged."""


def states(folder: Path, known: KnownDeliveries | None = None) -> Iterator[Diagnosis]:
    """A finding for each sync of each destination below `folder`; nothing there is changed."""
    files = (STATE, LEDGER, OUTBOX, "reports")
    try:
        found = homes(folder, having=files)
    except StoreError as error:
        yield failed("state", error, "Until then no run sends anything.")
        return
    lost = [home for home in (known.homes if known else ()) if home not in found]
    findings = [_state(home, known) for home in found]
    findings += [each for home in sorted(lost) if (each := _gone(home, known))]
    yield from findings or [ok("state", "none yet")]


def _state(home: Path, known: KnownDeliveries | None) -> Diagnosis:
    name, fix = _name(home), _fix(home, None)
    try:
        with reading(home):
            summary = healthy(home)
            comparison = compare(home, known.witnesses(home) if known else ())
        if comparison.losses:
            return _loss(home, comparison, known)
        if comparison.notes:
            return note(name, "; ".join((summary, *comparison.notes)))
        return ok(name, summary)
    except SyncBusyError:
        return note(name, "not looked at: a run is under way")
    except StoreError as error:
        return failed(name, error, "Until then no run sends anything.")
    except OSError as error:
        fix = "Give the user of the runs the right to write to CT_DATA_DIR."
        return failed(name, f"cannot be locked ({error.strerror})", fix)
    except _OpenElsewhereError as error:
        fix = f"Close it there; until then every run of {home.name} stops before it sends."
        return failed(name, error, fix)
    except UnhealthyError as error:
        return failed(name, error, fix)


def _name(home: Path) -> str:
    return f"state {home.parent.name}/{home.name}"


def _fix(home: Path, policy: Policy | None) -> str:
    """Says what a run does about a fault of the state, and what a person can do."""
    again = "sends again what it does not know to be sent"
    if policy is None:
        does = f"stops before it sends if {home.name} is of events, or deletes or clears what is "
        does += f"gone; else it {again}"
    else:
        does = "stops before it sends" if lost_state.is_harmful(policy) else again
    return (
        f"A run {does}. Upgrade ct_assets if a newer one wrote the file. Else bring back what is "
        f"known: ct-assets state rebuild {home.name}; or a backup: ct-assets state restore FOLDER."
    )


def _loss(home: Path, comparison: Comparison, known: KnownDeliveries | None) -> Diagnosis:
    policy = known.policy(home) if known else None
    lost = lost_state.told(policy, comparison) if policy else "; ".join(comparison.losses)
    return failed(_name(home), lost, _fix(home, policy))


def _gone(home: Path, known: KnownDeliveries | None) -> Diagnosis | None:
    """A finding if a state that is not there was delivered from; None if it never was."""
    comparison = compare(home, known.witnesses(home) if known else ())
    return _loss(home, comparison, known) if comparison.losses else None


def healthy(home: Path) -> str:
    """Opens each file and reads it; says in words how it stands.

    Raises:
        UnhealthyError: One of them is damaged, or of a newer version.
    """
    if (home / LEDGER).exists():
        _check_ledger(home)
    rows = _check_state(home) if (home / STATE).exists() else 0
    summary = f"healthy, {rows:,} rows acknowledged"
    if not (home / OUTBOX).exists():
        return summary
    _check_outbox(home)
    return f"{summary}; a delivery was cut short, the next run settles it"


def _check_ledger(home: Path) -> None:
    with _readable(LEDGER), readable_ledger(home) as connection:
        (integrity,) = connection.execute("pragma quick_check(1)").fetchone()
        (version,) = connection.execute("pragma user_version").fetchone()
    if integrity != "ok":
        raise UnhealthyError(f"{LEDGER} is damaged")
    _check_version(LEDGER, version, ledger_tables.VERSION)


def _check_state(home: Path) -> int:
    """Reads every block, whose checksum DuckDB verifies; gives the number of acknowledged rows."""
    with _readable(STATE), opened(home / STATE, read_only=True) as connection:
        _check_version(
            STATE,
            int(state_database.get(connection, "version") or 1),
            1 + len(state_database.MIGRATIONS),
        )
        connection.execute("select bit_xor(hash(synced)) from synced").fetchall()
        connection.execute("select bit_xor(hash(held)) from held").fetchall()
        return state_database.scalar(
            connection, "select count(*) from synced where delivery is not null"
        )


def _check_outbox(home: Path) -> None:
    """Reads every page: a run that settles it needs each record."""
    with _readable(OUTBOX):
        outbox.origin(home / OUTBOX)
        rows = pl.scan_parquet(home / OUTBOX, glob=False)
        rows.select(pl.all().hash().sum()).collect(engine="streaming")


def _check_version(name: str, version: int, known: int) -> None:
    if version > known:
        raise UnhealthyError(f"{name} has version {version}, and this ct_assets knows {known}")


@contextlib.contextmanager
def _readable(name: str) -> Iterator[None]:
    """Errors of the databases without their texts, which may quote rows."""
    try:
        yield
    except duckdb.IOException as error:
        if holder := lock_holder(error):
            raise _OpenElsewhereError(f"{name} is open in {holder}") from None
        raise UnhealthyError(f"{name} cannot be read ({type(error).__name__})") from None
    except (sqlite3.Error, duckdb.Error, pl.exceptions.PolarsError, OSError, KeyError) as error:
        raise UnhealthyError(f"{name} cannot be read ({type(error).__name__})") from None
