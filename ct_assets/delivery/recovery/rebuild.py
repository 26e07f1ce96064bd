"""rebuilt() makes a state anew from what is left of it, beside the old one until all agree."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from ct_assets.clevertap.codes import PARKED
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff.diff import hold_before
from ct_assets.delivery.diff.valid_rows import expose
from ct_assets.delivery.guards.state_comparison import Comparison, compare, label
from ct_assets.delivery.plan_report import PlanReport, plan
from ct_assets.delivery.recovery import recovered_outcomes, remains
from ct_assets.delivery.recovery.last_snapshot import recall_profiles
from ct_assets.delivery.recovery.remains import OldState, Remains
from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.sender.lanes import lane_hash
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.scratch_tables import VALID
from ct_assets.delivery.state.state_copy import copy_suppressions
from ct_assets.delivery.state.state_database import scalar
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.delivery.state.sync_files import (
    LEDGER,
    MARK,
    OUTBOX,
    STATE,
    readable_errors,
    set_aside,
    workdir,
)
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.delivery.state.witness import FORMER, MEANT_SINCE, RESTORED, UNKNOWN_UNTIL
from ct_assets.files import private_dir

ROWS_AT_ONCE = 10_000
"""Of a damaged state: so many are lost with one that cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Rebuild:
    """A state that is made, and not yet in its place."""

    home: Path
    fresh: Path
    evidence: tuple[str, ...]
    """Each file that it was made from, in words."""
    ignored: tuple[str, ...]
    """Files that were left aside, with the reason."""
    gaps: tuple[int, ...]
    """Deliveries of which nothing is left."""
    unreadable: int
    """Rows of a damaged state that could not be read."""
    sent: int
    """Rows that count as acknowledged."""
    parked: int
    """Rows that CleverTap may have or not, held for a person."""
    held: int
    """Rows held for other reasons."""
    next_run: PlanReport

    def put_in_place(self) -> None:
        """Replaces the old files, which are kept aside; interrupted, it can be done again."""
        for report in sorted((self.fresh / "reports").glob("*.parquet")):
            private_dir(self.home / "reports")
            report.replace(self.home / "reports" / report.name)
        Suppressions(self.home.parent).mend()
        for name in (STATE, LEDGER, OUTBOX):
            set_aside(self.home, name)
        for name in (LEDGER, MARK, STATE):
            (self.fresh / name).replace(self.home / name)


@contextlib.contextmanager
def rebuilt(
    request: DeliveryRequest, *, staged: Sequence[Path] = (), sent_until: datetime | None = None
) -> Iterator[Rebuild]:
    """The state rebuilt, while nobody else works on it; the block decides what becomes of it.

    `request` is for the rows of today, `staged` are copies of reports. Rows of today that happened
    up to `sent_until`, and of which nothing is known, are never sent.

    Raises:
        SyncBusyError: A run is under way.
    """
    home = request.home
    with (
        locked(home, request.patience, needs="*", mends=True),
        readable_errors(home),
        workdir(private_dir(home)) as work,
    ):
        comparison = compare(home, request.witnesses)
        found = remains.find(home, work, staged)
        last = _last(found, request)
        fresh = private_dir(work / "rebuilt" / "state" / home.parent.name / home.name)
        copy_suppressions(home.parent, fresh.parent)
        for old in (found.state if _is_whole(found) else None, found.ledger):
            if old is not None:
                shutil.copytree(old.folder, fresh, dirs_exist_ok=True)
        new = replace(request, home=fresh)
        with SyncState.open_unlocked(fresh, request.policy, memory=request.memory) as state:
            with state.database() as connection:
                unreadable = _replayed(connection, new, found, state.work)
                _finish(connection, new, found, comparison, sent_until)
                _identify(connection, state, found, comparison, last)
                standing = _standing(connection)
            state.ledger.note("keys", str(standing["sent"]))
        yield Rebuild(
            home=home,
            fresh=fresh,
            evidence=tuple(_evidence(found)),
            ignored=found.ignored,
            gaps=_gaps(found, last),
            unreadable=unreadable,
            next_run=plan(new),
            **standing,
        )


def _last(found: Remains, request: DeliveryRequest) -> int:
    """The last delivery that anything knows of, by this state's own count."""
    last, ids = found.last, found.ids
    noted = account_witness.read(request.home)
    for known in (*request.witnesses, *([noted] if noted else [])):
        if not ids or known.state_id in ids:
            last = max(last, known.delivery)
    return last


def _is_whole(found: Remains) -> bool:
    return found.state is not None and found.state.reading is not None


def _replayed(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, found: Remains, work: Path
) -> int:
    """Folds all that is left into the state; returns how many rows of a damaged one are lost."""
    if found.newest_id:  # which the reports that are written now shall bear
        state_database.put(connection, "id", found.newest_id)
    old, unreadable = found.state, 0
    if old is not None and old.reading is None:
        unreadable = recovered_outcomes.salvage(connection, old.folder / STATE, ROWS_AT_ONCE)
        recovered_outcomes.drop_other_meanings(connection, found.meant_since)
    covered = recovered_outcomes.keep(connection)
    for report in found.reports:
        if not found.knows(report.delivery):
            fill = report.delivery <= covered
            recovered_outcomes.report(connection, request.policy, report, fill=fill)
    for box in found.outboxes:
        recovered_outcomes.open_outbox(connection, request.policy, box, request.home, work)
    return unreadable


def _finish(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    found: Remains,
    comparison: Comparison,
    sent_until: datetime | None,
) -> None:
    """Adds what only the rows of today, or those of the last whole delivery, tell."""
    policy = request.policy
    if policy.object == "profile":
        recall_profiles(connection, request, found)
    expose(connection, request)
    if policy.object == "event":
        connection.execute(
            f"update synced as s set person = {lane_hash('v.lane_kind', 'v.lane_identity')}"
            f" from {VALID} as v where s.person is null and s.kind = v.kind and s.key = v.key"
        )
        _hold_first(connection, request, found, comparison)
    elif policy.counts_twice:
        _park_unsure(connection)
    if sent_until is not None:
        hold_before(connection, request, int(sent_until.timestamp()))


def _hold_first(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    found: Remains,
    comparison: Comparison,
) -> None:
    """With `first_run: from_now`, rows from before the first run stay unsent."""
    at = comparison.at or request.at
    first = state_database.get(connection, "first_run")
    if first is None:
        first = f"{request.policy.first_run} {at.timestamp():.0f}"
        state_database.put(connection, "first_run", first)
    mode, _, moment = first.partition(" ")
    if mode == "from_now" and not _is_whole(found):
        hold_before(connection, request, int(moment))


def _park_unsure(connection: duckdb.DuckDBPyConnection) -> None:
    """Parks profiles that count twice, if nothing tells which record CleverTap has of them."""
    connection.execute(
        f"""
        insert into held by name
        select kind, key, '{PARKED}' as reason, person, delivery, now()::timestamp as since,
            '{recovered_outcomes.LOST}' as message
        from synced anti join held using (kind, key)
        where fingerprint is null and delivery is not null
        """
    )


def _identify(
    connection: duckdb.DuckDBPyConnection,
    state: SyncState,
    found: Remains,
    comparison: Comparison,
    last: int,
) -> None:
    """Has the new state agree with everything that knows of the old one."""
    state_id = state_database.get(connection, "id") or ""
    read = {each or "" for each in found.ids}
    gone = {each: n for each, n in comparison.strangers.items() if each in read or not read}
    former = {**gone, **dict.fromkeys(read, last)}  # what others sent is still to be asked about
    with state_database.transaction(connection):
        for stranger, delivery in former.items():
            if stranger != state_id:
                state_database.put(connection, f"{FORMER}{stranger}", str(delivery))
        state_database.put(connection, "id", state_id)
        state_database.put(connection, "begun", str(last))
        state_database.put(connection, "folded", str(last))
        state_database.put(connection, "home", label(state.home))
        state_database.drop(connection, RESTORED)
        if found.meant_since:
            state_database.put(connection, MEANT_SINCE, str(found.meant_since))
        if gaps := _gaps(found, last):
            state_database.put(connection, UNKNOWN_UNTIL, str(max(gaps)))
        else:
            state_database.drop(connection, UNKNOWN_UNTIL)
    state.ledger.adopt(state_id, last, label(state.home))


def _standing(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    held = "select count(*) from held where reason"
    return {
        "sent": scalar(connection, "select count(*) from synced where delivery is not null"),
        "parked": scalar(connection, f"{held} = '{PARKED}'"),
        "held": scalar(connection, f"{held} <> '{PARKED}'"),
    }


def _evidence(found: Remains) -> Iterator[str]:
    if found.state is not None:
        yield _of_state(found.state)
    later = [each.delivery for each in found.reports if not found.knows(each.delivery)]
    if later:
        yield f"reports of {_numbers(later)}"
    for box in found.outboxes:
        told = f" and {box.ledger.name}" if box.ledger else ", without its ledger"
        yield f"{box.path.name}{told}, of delivery {box.delivery}, which was cut short"


def _of_state(old: OldState) -> str:
    if old.reading is None:
        return f"{old.name}, which is damaged, as far as it can be read"
    return f"{old.name}, up to delivery {old.folded}"


def _gaps(found: Remains, last: int) -> tuple[int, ...]:
    known = {each.delivery for each in found.reports}
    known |= {each.delivery for each in found.outboxes}
    return tuple(n for n in range(1, last + 1) if n not in known and not found.knows(n))


def _numbers(deliveries: Sequence[int]) -> str:
    """Such as `deliveries 1 to 4 and 6`."""
    parts: list[list[int]] = []
    for each in deliveries:
        if parts and parts[-1][-1] == each - 1:
            parts[-1] = [parts[-1][0], each]
        else:
            parts.append([each])
    texts = [" to ".join(map(str, part)) for part in parts]
    listed = " and ".join([", ".join(texts[:-1]), texts[-1]]) if texts[1:] else texts[0]
    return f"deliver{'ies' if len(deliveries) > 1 else 'y'} {listed}"
