"""PlanReport says what a delivery would do; plan() makes it from a copy of the state."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ct_assets.clevertap.contract import MAX_IN_FLIGHT_OTHER
from ct_assets.delivery.delivery_plan import DeliveryPlan, check_guards, digest_of, make_plan
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.diff import existence
from ct_assets.delivery.diff.diff import Diff
from ct_assets.delivery.diff.left_fields import left_fields
from ct_assets.delivery.diff.valid_rows import field_columns
from ct_assets.delivery.guards import lost_state
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.guards.state_comparison import Comparison
from ct_assets.delivery.settlement.settle import settle
from ct_assets.delivery.state.scratch_tables import DIFF, NUMBERED, REMOVALS
from ct_assets.delivery.state.shared_folders import reading
from ct_assets.delivery.state.state_copy import copied
from ct_assets.delivery.state.state_database import scalar
from ct_assets.delivery.state.sync_files import PREVIOUS, readable_errors
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.errors import mask
from ct_assets.sql import name_sql, parquet_sql

SECONDS_A_REQUEST = 1.0
"""CleverTap says that a call takes one or more seconds."""

SAMPLES = 3


@dataclass(frozen=True)
class PropertyChange:
    field: str
    rows: int
    samples: tuple[tuple[str | None, str | None], ...]
    """Masked values before and after."""
    stays: bool = False
    """Whether CleverTap keeps the value before, since no record names the field any more."""


@dataclass(frozen=True, kw_only=True)
class PlanReport:
    valid: int
    rejected: int
    new: int
    changed: int
    unchanged: int
    held: Mapping[str, int]
    removed: int
    """Rows acknowledged earlier that are no longer in the source."""
    removals: int
    """Those removed rows that the delivery would clear or delete."""
    requests: int
    seconds: float
    """The least time for the requests, at the account's limit of requests in flight."""
    properties: tuple[PropertyChange, ...]
    """Fields of the changed rows, the most changed first."""
    objection: str | None
    """The guard that would stop the delivery."""
    notes: tuple[str, ...]
    digest: str
    """Of the records that would leave: see `plan_digest`. Empty where people are looked for."""


def plan(request: DeliveryRequest) -> PlanReport:
    """Plans a delivery, and leaves every byte of the state as it is."""
    with readable_errors(request.home), copied(request) as copy:
        comparison = _review(request)
        lost_state.set_aside(copy.home, comparison)
        with (
            SyncState.open_unlocked(copy.home, copy.policy, memory=copy.memory) as state,
            state.database() as connection,
        ):
            lost_state.reconcile(connection, state.ledger, copy, comparison)
            settle(state, connection)
            return _report(connection, request, copy, comparison)


def _review(request: DeliveryRequest) -> Comparison:
    with reading(request.home, request.patience):
        return lost_state.review(request)


def _report(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    copy: DeliveryRequest,
    comparison: Comparison,
) -> PlanReport:
    lost = lost_state.objection(request.policy, comparison, request.allow)
    stopped = lost or _stopped(connection, request)
    plan = make_plan(connection, copy, count_kept=True)
    fates, removals = plan.diff.fates, plan.removals
    requests = _requests(connection, request, plan)
    seconds = float(-(-requests // request.policy.in_flight))
    properties = _properties(connection, copy, plan.diff, request.home / PREVIOUS)
    notes = [] if lost else [*comparison.notes]
    notes += _left(connection, copy, plan.diff)
    notes += [removals.note] if removals.note else []
    looks = plan.diff.unlooked
    if looks:
        notes.append(existence.note(looks))
        requests, seconds = requests + looks, seconds + looks / MAX_IN_FLIGHT_OTHER
    if request.policy.object == "subscription" and plan.diff.going:
        notes.append("each record strikes every profile that has the address or number")
    if properties is None:
        notes.append("which fields changed is not known: no whole delivery is on record")
    return PlanReport(
        valid=sum(fates.values()),
        rejected=request.rejected,
        new=fates.get("new", 0),
        changed=fates.get("changed", 0),
        unchanged=fates.get("unchanged", 0),
        held=plan.diff.held,
        removed=removals.rows,
        removals=removals.planned,
        requests=requests,
        seconds=seconds * SECONDS_A_REQUEST,
        properties=properties or (),
        objection=stopped or plan.objection,
        notes=tuple(notes),
        digest="" if looks else digest_of(connection, copy, plan.diff),
    )


def _left(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, diff: Diff) -> list[str]:
    sent_today = field_columns(connection, request.valid)
    left = left_fields(connection, request, diff.positions, sent_today)
    return [
        f"{field} stays in CleverTap (profiles that have it: {rows:,}). The declaration sends it "
        f"no more, and only a record that clears it removes it (on_null: clear, from an empty "
        f"column)"
        for field, rows in left.items()
    ]


def _stopped(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> str | None:
    """Why a delivery would stop before it looked at a row."""
    try:
        check_guards(connection, request, look_only=True)
    except GuardError as error:
        return str(error)
    return None


def _requests(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, plan: DeliveryPlan
) -> int:
    if request.policy.object == "segment":  # the URL, the file, and the commit
        return 3 if plan.diff.going + plan.removals.planned else 0
    batches = f"select batch from {NUMBERED} union select batch from {REMOVALS}"
    return scalar(connection, f"select count(batch) from ({batches})")


def _properties(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, diff: Diff, previous: Path
) -> tuple[PropertyChange, ...] | None:
    """Compares the changed rows with the last whole delivery; None where there is none."""
    if request.policy.object != "profile" or not diff.fates.get("changed"):
        return ()
    if not previous.exists():
        return None
    before, after = (field_columns(connection, path) for path in (previous, request.valid))
    both = f"""(
        select {_sides(before, after)}
        from {parquet_sql(request.valid, numbered=True)} as a
        join {DIFF} as d on d.row = a.file_row_number and d.fate = 'changed'
        join {parquet_sql(previous)} as b on b._key = a._key and b._kind = a._kind
    )"""
    fields = list(after | before)
    counted = ", ".join(f"count(*) filter (b{n} is distinct from a{n})" for n in range(len(fields)))
    counts = connection.execute(f"select {counted} from {both}").fetchone() or ()
    changes = [
        PropertyChange(field, rows, _samples(connection, both, number), field not in after)
        for number, (field, rows) in enumerate(zip(fields, counts, strict=True))
        if rows
    ]
    return tuple(sorted(changes, key=lambda change: -change.rows))


def _sides(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    def text(side: str, name: str | None) -> str:
        return f"{side}.{name_sql(name)}::varchar" if name else "null::varchar"

    return ", ".join(
        f"{text('b', before.get(field))} as b{n}, {text('a', after.get(field))} as a{n}"
        for n, field in enumerate({**after, **before})
    )


def _samples(
    connection: duckdb.DuckDBPyConnection, both: str, number: int
) -> tuple[tuple[str | None, str | None], ...]:
    pairs = connection.execute(
        f"select b{number}, a{number} from {both}"
        f" where b{number} is distinct from a{number} limit {SAMPLES}"
    ).fetchall()
    return tuple((b and mask(b), a and mask(a)) for b, a in pairs)
