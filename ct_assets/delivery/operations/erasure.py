"""Erasure removes a person here and at CleverTap, and holds their rows back from later runs."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.contract import DELETABLE
from ct_assets.clevertap.verdicts import Acked, Malformed, Verdict, read_status
from ct_assets.delivery.delivery_request import MEMORY, Policy
from ct_assets.delivery.diff import existence, field_marks
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.operations.person_rows import (
    Person,
    about_person,
    erase_rows,
    identifiers_of,
    log_lines,
    report_lines,
)
from ct_assets.delivery.operations.settled_state import opened, settled
from ct_assets.delivery.operations.single_call import RETRY, single_call
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.settlement import log_files
from ct_assets.delivery.settlement.settle import settle, undeclared
from ct_assets.delivery.state import shared_folders
from ct_assets.delivery.state.shared_folders import fetched
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.delivery.state.sync_files import (
    ANY_OF_A_STATE,
    ASIDE,
    PREVIOUS,
    STATE,
    STAYING,
    database,
)
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.errors import UserError, mask
from ct_assets.sql import literal


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
        ErasureError: CleverTap did not confirm, or a state is lost; running it again is safe.
    """
    declared = policies or {}
    known = shared_folders.homes(destination.parent, destination.name, having=ANY_OF_A_STATE)
    homes = {home: declared.get(home.name) or _undeclared(home) for home in known}
    suppressions = Suppressions(destination)
    person = _suppress(suppressions, homes, kind, value, also)
    unconfirmed = suppressions.pending(person)
    suppressions.keep_pending(person)  # a second attempt finds them, whatever the first has erased
    erasure = _erase_here(homes, person, snapshots)
    deletable = [pair for pair in person if pair[0] in DELETABLE]
    if client is not None and deletable:
        _delete(client, kind, value, deletable, stop or threading.Event(), retry or RETRY)
    if client is not None or not unconfirmed:
        suppressions.drop_pending(person)
    if client is not None and not deletable:
        raise ErasureError(
            f"{mask(value)} is erased here; CleverTap deletes by identity or objectId only, so "
            f"delete the profile with this {kind} in its dashboard"
        )
    return erasure


def _undeclared(home: Path) -> Policy:
    with fetched(home):
        return undeclared(home)


def _suppress(
    suppressions: Suppressions, homes: Mapping[Path, Policy], kind: str, value: str, also: Person
) -> list[tuple[str, str]]:
    """Holds the person back from now on; returns all of their identifiers that are known."""
    known = {(kind, value), *also, *suppressions.pending([(kind, value)])}
    suppressions.add(known)  # before anything can fail
    try:
        for home, policy in homes.items():
            known |= _aliases(home, policy, kind, value)
    except GuardError as error:
        raise ErasureError(
            f"{mask(value)} is held back from now on, but nothing is erased yet: {error}. Then run "
            f"this again"
        ) from None
    person = sorted(known)
    suppressions.add(person)
    return person


def _erase_here(homes: Mapping[Path, Policy], person: Person, snapshots: Sequence[Path]) -> Erasure:
    rows, files = {}, 0
    for home, policy in homes.items():
        with opened(home, policy, needs="*") as state:
            rows[home.name], lines = _erase_home(state, person)
            _compact(state)
            state.publish()
            state.hold.erase_replaced()
            files += lines
    files += sum(erase_rows(path, about_person(person)) for path in snapshots)
    return Erasure(rows, files)


def _erase_home(state: SyncState, person: Person) -> tuple[int, int]:
    """Erases lines of files, then the rows of the state that name them; returns both counts."""
    with state.database() as connection:
        settle(state, connection)
        keys = _keys_of(connection, person)
        lines = _erase_files(state.home, keys, person)
        rows = sum(_delete_rows(connection, table, keys) for table in ("synced", "held"))
        names = [f"{kind}:{value}" for kind, value in keys]
        field_marks.forget(connection, names)
        existence.forget(connection, names)
    state.ledger.erase([value for _, value in person])
    return rows, lines


def _aliases(home: Path, policy: Policy, kind: str, value: str) -> set[tuple[str, str]]:
    """Finds further identifiers of the person in the state and in the last delivery's rows."""
    with settled(home, policy, needs=PREVIOUS) as connection:
        pairs = connection.execute(
            "select kind, key from synced"
            " where kind <> 'event' and list_contains(also, md5_number_lower($1))",
            [f"{kind}:{value}"],
        ).fetchall()
    if (home / PREVIOUS).exists():
        pairs += identifiers_of(home / PREVIOUS, kind, value)
    return set(pairs)


def _keys_of(connection: duckdb.DuckDBPyConnection, person: Person) -> list[tuple[str, str]]:
    """Kinds and keys of the person's rows of the state."""
    keys = set(person)
    for kind, value in person:
        keys |= set(
            connection.execute(
                "select kind, key from synced where person = md5_number_lower($1)"
                " union select kind, key from held where person = md5_number_lower($1)",
                [f"{kind}:{value}"],
            ).fetchall()
        )
    return sorted(keys)


def _delete_rows(
    connection: duckdb.DuckDBPyConnection, table: str, keys: list[tuple[str, str]]
) -> int:
    rows = 0
    for kind, key in keys:
        statement = f"delete from {table} where kind = $1 and key = $2"  # noqa: S608 -- a constant
        deleted = connection.execute(statement, [kind, key]).fetchone()
        rows += int(deleted[0]) if deleted else 0
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
    for unusable in (*home.glob(f"*{ASIDE}"), *home.glob(STAYING)):
        unusable.unlink()
    rows = sum(erase_rows(path, report_lines(keys)) for path in home.glob("reports/*.parquet"))
    rows += sum(erase_rows(path, log_lines(keys, person)) for path in log_files.files(home))
    if (home / PREVIOUS).exists():
        rows += erase_rows(home / PREVIOUS, about_person(person))
    return rows


def _delete(
    client: Client, kind: str, value: str, deletable: Person, stop: threading.Event, retry: Retry
) -> None:
    """Deletes by the given identifier, or by the others where CleverTap does not delete by it."""
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
    """The delete endpoint's verdict, once it takes the request; None if stopped before."""
    by: Literal["guid", "identity"] = "guid" if kind == "objectId" else "identity"
    to = client.destination
    return single_call(to, lambda: client.delete_profiles([value], by), read_status, stop, retry)
