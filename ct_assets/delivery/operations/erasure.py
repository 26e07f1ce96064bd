"""Erasure of a person: here, at CleverTap, and for every later run."""

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import duckdb
import polars as pl

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.contract import DELETABLE
from ct_assets.clevertap.verdicts import Acked, Malformed, NotTaken, Verdict, read_status
from ct_assets.delivery.delivery_request import MEMORY, Policy
from ct_assets.delivery.sender.account_slots import other_slots
from ct_assets.delivery.sender.retry import Failures, Retry
from ct_assets.delivery.settlement.settle import settle, settled, undeclared
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.delivery.state.sync_files import PREVIOUS, STATE, database
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.errors import UserError, mask
from ct_assets.files import replacing
from ct_assets.sql import literal

RETRY = Retry(patience=30.0)
"""Of a deletion that was not taken: somebody waits for it at a terminal."""

Person = Collection[tuple[str, str]]
"""Everything that names somebody: pairs of an identifier's kind and its value."""


class ErasureError(UserError):
    """The person is erased here, but not confirmed to be erased at CleverTap."""


@dataclass(frozen=True)
class Erasure:
    rows: Mapping[str, int]
    """Rows of the state, by sync: what was acknowledged and what was held."""
    files: int
    """Rows of reports and snapshots."""


def erase_person(
    destination: Path,
    value: str,
    client: Client | None,
    *,
    kind: str = "identity",
    also: Person = (),
    policies: Mapping[str, Policy] | None = None,
    snapshots: Sequence[Path] = (),
    stop: threading.Event | None = None,
    retry: Retry | None = None,
) -> Erasure:
    """Erases whoever `kind` and `value` name from all syncs of `<state>/<destination>`.

    From now on the person's rows are held back, whichever of their identifiers they bear: `also`,
    and those that the deliveries knew. Until CleverTap has confirmed, all of them are kept for it,
    in a file of their own. `snapshots` are staged files of valid rows. `client`
    None erases here only.

    Raises:
        ErasureError: CleverTap did not confirm; running it again is safe.
    """
    homes = sorted(path.parent for path in destination.glob(f"*/{STATE}"))
    declared = policies or {}
    forgotten = Suppressions(destination)
    known = {(kind, value), *also, *forgotten.kept([(kind, value)])}
    forgotten.add(known)  # whatever else there is, no run sends these from now on
    for home in homes:
        known |= _aliases(home, declared.get(home.name) or undeclared(home), kind, value)
    person = sorted(known)
    forgotten.add(person)
    unconfirmed = forgotten.kept(person)
    forgotten.keep(person)  # a second attempt finds them, whatever the first has erased
    rows, files = {}, 0
    for home in homes:
        policy = declared.get(home.name) or undeclared(home)
        with SyncState.open(home, policy) as state:
            rows[home.name], lines = _erase_home(state, person)
            _compact(state)
            files += lines
    files += sum(erase_rows(path, about_person(person)) for path in snapshots)
    deletable = [pair for pair in person if pair[0] in DELETABLE]
    if client is not None and deletable:
        _delete(client, kind, value, deletable, stop or threading.Event(), retry or RETRY)
    if client is not None or not unconfirmed:
        forgotten.drop(person)
    if client is not None and not deletable:
        raise ErasureError(
            f"{mask(value)} is erased here; CleverTap deletes by identity or objectId only, so "
            f"delete the profile with this {kind} in its dashboard"
        )
    return Erasure(rows, files)


def about_person(person: Person) -> pl.Expr:
    """Rows of a valid snapshot that are about somebody."""
    return pl.any_horizontal(bearing(kind, value) for kind, value in person)


def bearing(kind: str, value: str) -> pl.Expr:
    """Rows of a valid snapshot that bear this identifier."""
    owner = (pl.col("_kind") == kind) & (pl.col("_identity") == value)
    return owner | pl.col("_also").list.contains(f"{kind}:{value}").fill_null(value=False)


def erase_rows(path: Path, unwanted: pl.Expr) -> int:
    """Removes rows from a Parquet file, which readers see whole or not yet; how many."""
    frame = pl.scan_parquet(path, glob=False)
    rows = int(frame.filter(unwanted).select(pl.len()).collect().item())
    if rows:
        with replacing(path) as partial:
            frame.filter(unwanted.not_()).sink_parquet(partial)
    return rows


def report_lines(keys: Person) -> pl.Expr:
    """Lines of a report that are about records of these kinds and keys."""
    named = pl.concat_str("kind", pl.lit(":"), "key")
    return named.is_in([f"{kind}:{key}" for kind, key in keys])


def _erase_home(state: SyncState, person: Person) -> tuple[int, int]:
    """Rows erased from the state, and lines of files; these first, for the state knows of them."""
    with state.database() as connection:
        settle(state, connection)
        keys = _theirs(connection, person)
        lines = _erase_files(state.home, keys, person)
        rows = sum(_delete_rows(connection, table, keys) for table in ("synced", "held"))
    state.ledger.erase([value for _, value in person])
    return rows, lines


def _aliases(home: Path, policy: Policy, kind: str, value: str) -> set[tuple[str, str]]:
    """Further identifiers that the last delivery's rows, or those of the state, give the person."""
    with settled(home, policy) as connection:
        found = connection.execute(
            "select kind, key from synced"
            " where kind <> 'event' and list_contains(also, md5_number_lower($1))",
            [f"{kind}:{value}"],
        ).fetchall()
    if (home / PREVIOUS).exists():
        found += identifiers_of(home / PREVIOUS, kind, value)
    return set(found)


def identifiers_of(valid: Path, kind: str, value: str) -> list[tuple[str, str]]:
    """All that the person's rows of a valid snapshot bear."""
    rows = pl.scan_parquet(valid, glob=False).filter(bearing(kind, value))
    found: set[tuple[str, str]] = set()
    for named_by, identity, also in (
        rows.select("_kind", "_identity", "_also").collect().iter_rows()
    ):
        found.add((named_by, identity))
        found |= {(k, v) for k, _, v in (text.partition(":") for text in also or ())}
    return sorted(found)


def _theirs(connection: duckdb.DuckDBPyConnection, person: Person) -> list[tuple[str, str]]:
    found = set(person)
    for kind, value in person:
        found |= set(
            connection.execute(
                "select kind, key from synced where person = md5_number_lower($1)"
                " union select kind, key from held where person = md5_number_lower($1)",
                [f"{kind}:{value}"],
            ).fetchall()
        )
    return sorted(found)


def _delete_rows(
    connection: duckdb.DuckDBPyConnection, table: str, keys: list[tuple[str, str]]
) -> int:
    rows = 0
    for kind, key in keys:
        statement = f"delete from {table} where kind = $1 and key = $2"  # noqa: S608 -- a constant
        found = connection.execute(statement, [kind, key]).fetchone()
        rows += int(found[0]) if found else 0
    return rows


def _compact(state: SyncState) -> None:
    """Writes the state anew: a database keeps deleted rows in its free blocks."""
    fresh = state.work / STATE
    with database(fresh, state.work, memory=MEMORY) as connection:
        connection.execute(f"attach {literal(str(state.home / STATE))} as old (read_only)")
        connection.execute("copy from database old to state")
        connection.execute("detach old")
    fresh.chmod(0o600)
    fresh.replace(state.home / STATE)


def _erase_files(home: Path, keys: Person, person: Person) -> int:
    rows = sum(erase_rows(path, report_lines(keys)) for path in home.glob("reports/*.parquet"))
    if (home / PREVIOUS).exists():
        rows += erase_rows(home / PREVIOUS, about_person(person))
    return rows


def _delete(
    client: Client, kind: str, value: str, deletable: Person, stop: threading.Event, retry: Retry
) -> None:
    """By the identifier that was given; by the others where CleverTap does not delete by it."""
    for named_by, name in [(kind, value)] if kind in DELETABLE else deletable:
        verdict = _answer(client, named_by, name, stop, retry)
        if verdict is None:
            raise ErasureError(
                f"{mask(value)} is erased here, but this was stopped before CleverTap was "
                f"asked to delete; run the command again"
            )
        if not isinstance(verdict, Acked):
            # CleverTap's own words may quote the identifier.
            why = f"HTTP {verdict.status}" if isinstance(verdict, Malformed) else verdict.why
            raise ErasureError(
                f"{mask(value)} is erased here, but CleverTap did not confirm the deletion "
                f"({why}); run the command again"
            )


def _answer(
    client: Client, kind: str, value: str, stop: threading.Event, retry: Retry
) -> Verdict | None:
    """Of the delete endpoint, asked again while it takes no requests; None if it was stopped."""
    failures, rng, reached = Failures(), Random(), False  # noqa: S311 -- spreads repeats
    while True:
        with other_slots(client.destination).slot(stop) as held:
            if not held:
                return None
            answer = client.delete_profiles([value], "guid" if kind == "objectId" else "identity")
        verdict = read_status(answer)
        if not isinstance(verdict, NotTaken):
            return verdict
        reached = reached or verdict.reached
        seconds = retry.wait(
            failures, time.monotonic(), rng, reached=reached, floor=verdict.retry_after
        )
        if seconds is None:
            return verdict
        stop.wait(seconds)
