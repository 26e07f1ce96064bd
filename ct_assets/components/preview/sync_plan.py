"""Plans the next run of a sync from rows read just now; asking changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import dagster as dg

from ct_assets.clevertap.destination import Destination
from ct_assets.components.assets.gate_advice import advice
from ct_assets.components.preview.declaration_diff import DeclarationDiff, declaration_diff
from ct_assets.components.preview.scratch import SplitRows
from ct_assets.components.preview.workspace import Workspace
from ct_assets.components.project.registry import Declared
from ct_assets.delivery import DeliveryRequest, PlanReport, PropertyChange, plan
from ct_assets.delivery.arrival.account_types import TypeConflict, type_conflicts
from ct_assets.delivery.dry_run import DryRunClient, DryRunResult, dry_run
from ct_assets.delivery.state.witness import Witness
from ct_assets.errors import UserError
from ct_assets.io_managers import delivery_requests, delivery_witness
from ct_assets.io_managers.delivery_requests import DeliveryOptions, Upload
from ct_assets.io_managers.parquet_io_manager import span
from ct_assets.io_managers.resources import destinations
from ct_assets.row_counts import RowCounts
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.staging import Snapshot


@dataclass(frozen=True, kw_only=True)
class SyncPlan:
    sync: str
    destination: str
    partition: str | None
    """The partitions that a run would send, as `run` takes them; None where there are none."""
    counts: RowCounts
    gate: str
    """Why nothing would be sent; empty if the checks pass."""
    advice: str
    """The way to go on, where the gate is shut."""
    report: PlanReport
    blast: DeclarationDiff | None
    """By an edit of the declaration; `ct-assets plan --json` has it under this name."""
    asked: DryRunResult | None
    conflicts: tuple[TypeConflict, ...]
    """Of fields that the account keeps in another type."""
    options: Mapping[str, Any]
    """The `DeliveryOptions` of the run that was planned."""


def plan_sync(
    workspace: Workspace,
    declared: Declared,
    options: DeliveryOptions,
    keys: dg.PartitionKeyRange | None = None,
    *,
    ask_clevertap: bool = False,
    instance: dg.DagsterInstance | None = None,
) -> SyncPlan:
    """`keys`: the partitions of a sync that has some; `instance`: whose event log is a witness."""
    part = span(keys) if keys else None
    to = destinations.known(
        declared.sync, instance, is_example=declared.is_example, accounts=workspace.accounts
    )
    witnesses = delivery_witness.latest(instance, declared.sync.name, to) if instance else ()
    with workspace.rows(declared, keys) as rows:
        request = planned_request(workspace, declared, rows, to, options, witnesses, part)
        return SyncPlan(
            sync=declared.sync.name,
            destination=destinations.label(to),
            partition=part,
            counts=rows.split.counts,
            gate=rows.split.gate.why,
            advice=advice(declared.sync, rows.split),
            report=plan(request),
            blast=declaration_diff(workspace, declared.sync),
            asked=_asked(request, to) if ask_clevertap else None,
            conflicts=_conflicts(declared, rows, to),
            options=DeliveryOptions(**dict(options)).model_dump(exclude={"reviewed"}),
        )


def planned_request(
    workspace: Workspace,
    declared: Declared,
    rows: SplitRows,
    to: Destination | None,
    options: DeliveryOptions,
    witnesses: tuple[Witness, ...] = (),
    part: str | None = None,
) -> DeliveryRequest:
    """The request that a run of the rows of now would make; it waits for no other run."""
    valid = Snapshot(rows.valid.path, SnapshotMeta(split=rows.split))
    origin = declared.source.place if declared.source else ""
    upload = Upload(declared.sync, valid, options, frozenset(workspace.syncs), part, origin=origin)
    request = delivery_requests.request(
        upload, destinations.name_of(to), "plan", timedelta(days=30), witnesses=witnesses
    )
    return replace(request, patience=timedelta(0))


def _asked(request: DeliveryRequest, to: Destination | None) -> DryRunResult:
    if to is None:
        raise UserError(
            "the destination is the sandbox, which has not run yet: start it with "
            "`ct-assets sandbox`, or name an account with the CLEVERTAP_ variables"
        )
    with DryRunClient(to) as client:
        return dry_run(request, client)


def _conflicts(
    declared: Declared, rows: SplitRows, to: Destination | None
) -> tuple[TypeConflict, ...]:
    if declared.sync.object != "profile" or to is None:
        return ()
    return type_conflicts(to, rows.valid.path) or ()


def row_lines(sync_plan: SyncPlan) -> dict[str, int]:
    """The rows by where they would go; indented lines add up to the line above."""
    report, counts = sync_plan.report, sync_plan.counts
    return {
        "source": counts.source,
        "cut by where": counts.cut,
        "superseded": counts.superseded,
        "rejected": counts.rejected,
        "valid": report.valid,
        "  new": report.new,
        "  changed": report.changed,
        "  unchanged": report.unchanged,
        **{f"  held: {reason}": rows for reason, rows in report.held.items()},
        "removed from the source": report.removed,
        "  to be cleared or deleted": report.removals,
    }


def samples(change: PropertyChange) -> str:
    """Masked values before and after."""
    if change.stays:
        return ", ".join(f"{before} stays there" for before, _ in change.samples)
    return ", ".join(f"{before or 'none'} -> {after or 'none'}" for before, after in change.samples)


def remarks(sync_plan: SyncPlan) -> list[str]:
    """Sentences for a person, beside the counts."""
    report, diff = sync_plan.report, sync_plan.blast
    sentences = [
        f"Nothing would be sent: {why}" for why in (sync_plan.gate, report.objection) if why
    ]
    if sync_plan.advice:
        sentences.append(sync_plan.advice)
    if diff:
        sentences.append(
            "The declaration was edited since the last run. Of the "
            f"{diff.rows:,} rows of that run, it alone changes {diff.changed:,}, "
            f"{_lost(diff)}, and makes {diff.gained:,} valid that were not."
        )
    notes = (*report.notes, *map(str, sync_plan.conflicts))
    return [*sentences, *(f"Note: {note}" for note in notes)]


def _lost(diff: DeclarationDiff) -> str:
    """Such as `rejects 3 that were valid`; also those that it cuts, or supersedes by others."""
    others = {"cuts": diff.cut, "supersedes": diff.lost - diff.rejected - diff.cut}
    more = "".join(f", {verb} {rows:,}" for verb, rows in others.items() if rows)
    return f"rejects {diff.rejected:,} that were valid{more}"
