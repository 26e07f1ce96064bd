"""Tells the history of one row: in the source now, through the mapping, and at CleverTap."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from ct_assets.clevertap.codes import FORGOTTEN, entries, explain
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import local, reason_text
from ct_assets.commands.support.shown_rows import shown_rows
from ct_assets.components.preview.scratch import SplitRows, split_rows
from ct_assets.delivery import Policy
from ct_assets.delivery.operations.inspection import (
    DeliveryRun,
    HeldRecord,
    ReportedOutcome,
    key_history,
)
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.io_managers.resources import destinations
from ct_assets.mapping import Sync
from ct_assets.mapping.raw_keys import rows_with_key
from ct_assets.mapping.row_checks import duplicate_code

MOST = 5
"""Rows that are shown at most."""


def story(module: str, name: str, key: str) -> str:
    project = Project.load(module)
    declared = project.sync(name)
    to = project.destination(name)
    state = project.state(name)
    with project.rows(declared) as rows:
        lines = list(_rows(declared.sync, rows, key, Suppressions(state.parent)))
    lines += ["", f"Destination: {destinations.label(to)}"]
    lines += _delivered(state, project.policy(declared.sync), key)
    return "\n".join(lines)


def _rows(sync: Sync, rows: SplitRows, key: str, forgotten: Suppressions) -> Iterator[str]:
    """Rows of the source with this key, and the records or reasons that the declaration gives."""
    numbers = _numbers(sync, rows, key)
    if not numbers:
        yield f"No row of {sync.source} has the key {key!r} now."
    for number in numbers[:MOST]:
        row = rows.source.slice(number, 1)
        yield f"Row {number + 1:,} of {sync.source} now:"
        for column, value in shown_rows(row.collect())[0].items():
            yield f"  {column}: {_shown(value)}"
        fate = list(_fate(sync, rows, number))
        yield from fate or _mapped(sync, row, forgotten)
    if len(numbers) > MOST:
        yield f"... and {len(numbers) - MOST} rows more with that key."


def _numbers(sync: Sync, rows: SplitRows, key: str) -> list[int]:
    """Numbers of rows with that key: mapped ones, and raw ones that are cut or unreadable."""
    fillings = [sync.event_key] if sync.event_key else sync.identify_by
    mapped = rows.keys.filter(_key=key).select("_row")
    given = rows_with_key(sync, rows.source.with_row_index("_row"), fillings, key)
    both = pl.concat([mapped, given.select(pl.col("_row").cast(pl.Int64))])
    return both.unique().sort("_row").collect(engine="streaming")["_row"].to_list()


def _fate(sync: Sync, rows: SplitRows, number: int) -> Iterator[str]:
    """The lines on a row that other rows decide: superseded, duplicate, profile rejected."""
    fates = rows.keys.filter(_row=number).select("_fate", "_copies").collect().rows()
    for fate, copies in fates:
        if fate == "superseded":
            yield f"Left out: it is not the latest of {copies} rows with this key."
        elif fate == "duplicate":
            yield f"Rejected: {copies} rows have this key."
            yield f"  {explain(duplicate_code(sync)).fix}"
        elif fate:
            yield f"Rejected: {sync.require_profile} rejected the profile of its person."
            yield f"  {explain('profile_rejected').fix}"


def _mapped(sync: Sync, row: pl.LazyFrame, forgotten: Suppressions) -> Iterator[str]:
    """The lines on a row by itself: its record, or why it is rejected or cut."""
    columns = ("_record", "_warnings", "_kind", "_identity", "_also")
    with split_rows(sync, row) as rows:
        records = rows.valid.scan().select(columns).collect().rows()
        rejected = rows.rejected.scan().select("reasons").collect().to_series().to_list()
    for record, warnings, kind, identity, also in records:
        yield f"Its record: {record}"
        yield from (f"  warning: {reason_text(warning)}" for warning in warnings or ())
        if forgotten.knows([f"{kind}:{identity}", *(also or ())]):
            yield f"Held back: forgotten. {explain(FORGOTTEN).fix}"
    for reasons in rejected:
        yield "Rejected:"
        for reason in reasons:
            entry = entries().get(reason["code"])
            yield f"  {reason_text(reason)}"
            yield from (f"    {entry.fix}",) if entry else ()
    if not records and not rejected:
        yield f"Left out: `where: {sync.where}` does not hold for it."


def _delivered(state: Path, policy: Policy, key: str) -> Iterator[str]:
    history = key_history(state, policy, key)
    if history is None:
        yield "Nothing of this sync was ever sent there."
        return
    if history.acknowledged:
        yield f"Acknowledged by CleverTap{_by(history.by)}."
    elif not history.doubtful:
        yield "Never acknowledged by CleverTap."
    if history.doubtful:
        yield "An answer was lost: CleverTap may have the latest record or not."
    yield from map(_held, history.held)
    for outcome in history.outcomes:
        yield from _outcome(outcome)


def _held(held: HeldRecord) -> str:
    entry = entries().get(held.code or held.reason)
    cause = f"{held.reason} {held.code}" if held.code else held.reason
    message = f": {held.message}" if held.message else ""
    fix = f". {entry.fix}" if entry else ""
    return f"Held back since {local(held.since)}: {cause}{message}{fix}"


def _outcome(line: ReportedOutcome) -> Iterator[str]:
    at = local(line.at) if line.at else "earlier"
    code = f" {line.code}" if line.code else ""
    message = f": {line.message}" if line.message else ""
    yield f"  {at}, run {line.run[:8]}: {line.outcome}{code}{message}"
    if line.hint:
        yield f"    {line.hint}"


def _by(run: DeliveryRun | None) -> str:
    return f" at {local(run.at)}, run {run.run[:8]}" if run else ""


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
