"""Dagster's seam to the delivery: a snapshot of valid rows goes in, the report comes out."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import dagster as dg
import polars as pl
from pydantic import Field

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination, destination_from_env, sandbox_destination
from ct_assets.delivery import DeliveryFailed, DeliveryRequest, DeliveryResult, Policy, deliver
from ct_assets.delivery.guards.guards import unknown_guard
from ct_assets.errors import UserError
from ct_assets.io_managers.cancellation import stoppable
from ct_assets.io_managers.delivery_metadata import ProgressLog, outcome_metadata, summary
from ct_assets.io_managers.parquet_io_manager import ParquetStaging, name_of
from ct_assets.io_managers.step_errors import readable
from ct_assets.mapping import Sync
from ct_assets.sandbox import ensure_running
from ct_assets.settings import data_dir
from ct_assets.snapshot_meta import DeliveryMeta, SnapshotMeta, SplitMeta
from ct_assets.staging import Snapshot

KEYS = "keys.parquet"
OUTER_NET = (60, 300)
"""Seconds until a step that CleverTap no longer answered is repeated, after minutes of requests."""
GUARDS_CHECK = "guards"
"""The check that fails when a guard stops a delivery: a run that ends so yields no result of it."""
DESTINATION = "clevertap/destination"
"""The run's tag that says where it sent to."""


class DeliveryOptions(dg.Config):
    """What a single run may do otherwise; for the launchpad and the command line."""

    full: bool = Field(default=False, description="Send every valid row again, changed or not.")
    limit: int | None = Field(default=None, description="Send at most so many records.")
    allow: list[str] = Field(
        default=[], description="Guards to pass this once, such as `max_removed`."
    )


@dataclass(frozen=True)
class Upload:
    """What `<sync>/clevertap` hands to its I/O manager."""

    sync: Sync
    valid: Snapshot
    options: DeliveryOptions
    neighbours: frozenset[str] = frozenset()
    partition: str | None = None


class GateError(UserError):
    pass


def destination(sync: Sync) -> Destination:
    """Where the records of `sync` go: the account of the environment, or else the sandbox."""
    named = destination_from_env(sync.destination)
    if named is not None:
        return named
    sandbox = ensure_running(data_dir())
    return sandbox_destination(sandbox.url, sandbox.id, sandbox.account_id, sandbox.passcode)


class ClevertapIOManager(dg.ConfigurableIOManager):
    """Writes a snapshot's rows to CleverTap; what it reads back is CleverTap's word on them."""

    staging: dg.ResourceDependency[ParquetStaging]
    report_days: float = Field(default=30, description="How long reports and ledgers are kept.")

    def handle_output(self, context: dg.OutputContext, obj: Upload) -> None:
        with readable(), stoppable() as stop:
            _check_options(obj.options)
            _check_gate(obj)
            to = destination(obj.sync)
            context.log.info(f"{obj.sync.name}: the destination is {named(to)}")
            _tag_run(context, to)
            outcome = self._deliver(context, obj, to, stop)
            for said in _worth_saying(outcome):
                context.log.info(said)
            self._keep(context, outcome, to)
            context.add_output_metadata(outcome_metadata(outcome, to, points_each(obj)))

    def load_input(self, context: dg.InputContext) -> pl.LazyFrame:
        with readable():
            return self.staging.staging().current(*name_of(context)).scan()

    def _deliver(
        self, context: dg.OutputContext, upload: Upload, to: Destination, stop: threading.Event
    ) -> DeliveryResult:
        request = delivery(upload, to.name, context.run_id, timedelta(days=self.report_days))
        progress = ProgressLog(context.log)
        try:
            with Client(to) as client:
                return deliver(
                    request, client, progress=progress, stop=stop, waiting=context.log.info
                )
        except DeliveryFailed as error:
            if error.result is None:
                raise
            self._keep(context, error.result, to)
            if error.result.objection:
                _tell_guard(context, error.result.objection)
            if stop.is_set():  # the run ends as cancelled, whose step has no metadata
                context.log.warning(f"{error}: {summary(error.result.counts)}")
            told = outcome_metadata(error.result, to, points_each(upload))
            failure = dg.Failure(str(error), metadata=told)
            if error.result.passing and not stop.is_set():
                _ask_again(context, failure)
            raise failure from None

    def _keep(self, context: dg.OutputContext, outcome: DeliveryResult, to: Destination) -> None:
        """Stage the report, so that it can be read like any other asset."""
        with self.staging.staging().draft(*name_of(context)) as draft:
            shutil.copyfile(outcome.report, draft.path)
            draft.meta = SnapshotMeta(
                delivery=DeliveryMeta(
                    destination=to.name, counts=outcome.counts, objection=outcome.objection
                )
            )
            self.staging.staging().publish(draft)


def _worth_saying(outcome: DeliveryResult) -> Iterator[str]:
    if outcome.settled:
        yield (
            f"an earlier run had left {outcome.settled.planned:,} records open: "
            f"{outcome.settled.acked:,} of them were acked"
        )
    yield from outcome.notes


def named(to: Destination) -> str:
    return f"the sandbox ({to.base_url})" if to.is_sandbox else f"{to.account_id} at {to.host}"


def _ask_again(context: dg.OutputContext, failure: dg.Failure) -> None:
    """Have the step repeated later; it begins by settling what it sent. Not for ever."""
    asked = _asked_again(context)
    if asked < len(OUTER_NET):
        attempts = context.step_context.previous_attempt_count
        raise dg.RetryRequested(attempts + 1, seconds_to_wait=OUTER_NET[asked]) from failure


def _asked_again(context: dg.OutputContext) -> int:
    """How often so far; a step that merely waited for others was repeated for no failure."""
    step = context.step_context
    repeated = step.instance.all_logs(context.run_id, dg.DagsterEventType.STEP_UP_FOR_RETRY)
    events = (entry.dagster_event for entry in repeated if entry.step_key == step.step.key)
    return sum(bool(event and event.step_retry_data.error.cause) for event in events)


def _tell_guard(context: dg.OutputContext, objection: str) -> None:
    context.step_context.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=context.asset_key,
            check_name=GUARDS_CHECK,
            passed=False,
            metadata={"why": objection},
            severity=dg.AssetCheckSeverity.ERROR,
        )
    )


def points_each(upload: Upload) -> float:
    """Data points of a record, on average: an event's properties count one each, as it does."""
    nulls = split_of(upload).nulls.values()
    return 1.0 + (sum(1 - share for share in nulls) if upload.sync.object == "event" else 0.0)


def _check_options(options: DeliveryOptions) -> None:
    if options.limit is not None and options.limit < 1:
        raise UserError(f"limit is {options.limit}; write 1 or more, or leave it out to send all")
    if wrong := unknown_guard(options.allow):
        raise UserError(f"allow: {wrong}")


def _check_gate(upload: Upload) -> None:
    name, gate = upload.sync.name, split_of(upload).gate
    if not gate.passed:
        raise GateError(f"{name} is not sent: {gate.why}. Look at {name}/rejected for reasons.")


def split_of(upload: Upload) -> SplitMeta:
    name, split = upload.sync.name, upload.valid.meta.split
    if split is None:
        raise GateError(f"{name}/valid has no verdict of its checks; materialize {name}/valid")
    return split


def home(destination: str, sync: str) -> Path:
    """Where the state of a sync is for the destination of that name."""
    return data_dir() / "state" / destination / sync


def delivery(upload: Upload, destination: str, run: str, retention: timedelta) -> DeliveryRequest:
    """The request for the delivery of an upload; `destination` is its name."""
    split, options = split_of(upload), upload.options
    return DeliveryRequest(
        home=home(destination, upload.sync.name),
        valid=upload.valid.path,
        keys=upload.valid.beside(KEYS),
        policy=policy(upload.sync, split.declaration, upload.neighbours),
        run=run,
        counts=split.counts,
        full=options.full,
        limit=options.limit,
        allow=frozenset(options.allow),
        retention=retention,
        partition=upload.partition,
    )


def policy(sync: Sync, declaration: str, neighbours: frozenset[str] = frozenset()) -> Policy:
    return Policy(
        sync=sync.name,
        object=sync.object,
        declaration=declaration,
        event_key=_event_key(sync),
        on_unknown=sync.on_unknown,
        first_run=sync.first_run,
        on_removed=sync.on_removed,
        max_removed=sync.max_removed,
        max_changed=sync.max_changed,
        idempotent=sync.idempotent,
        neighbours=neighbours,
    )


def _event_key(sync: Sync) -> str | None:
    key = sync.event_key
    return (key.column or key.template or key.expr or str(key.value)) if key else None


def _tag_run(context: dg.OutputContext, to: Destination) -> None:
    """Runs can be told apart, and filtered, by where they sent to."""
    where = "sandbox" if to.is_sandbox else to.name
    context.step_context.instance.add_run_tags(context.run_id, {DESTINATION: where})
