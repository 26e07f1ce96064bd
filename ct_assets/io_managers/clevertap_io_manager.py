"""ClevertapIOManager delivers a snapshot of valid rows, and reads the report back."""

import contextlib
import shutil
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl
from pydantic import Field, PrivateAttr

from ct_assets.clevertap.destination import AccountSettings, Destination, DestinationError
from ct_assets.delivery import DeliveryFailed, DeliveryResult
from ct_assets.files import owners_files
from ct_assets.io_managers import delivery_requests, delivery_witness
from ct_assets.io_managers.cancellation import stoppable
from ct_assets.io_managers.delivery_requests import Upload, points_each
from ct_assets.io_managers.metadata.delivery_metadata import delivery_metadata, summary
from ct_assets.io_managers.metadata.result_line import MARK, result_line
from ct_assets.io_managers.parquet_io_manager import ParquetStaging, name_of
from ct_assets.io_managers.resources import destinations
from ct_assets.io_managers.resources.clevertap_account import ClevertapAccount
from ct_assets.io_managers.resources.destinations import FROM_ENVIRONMENT, Accounts
from ct_assets.io_managers.step_errors import readable
from ct_assets.settings import data_dir
from ct_assets.snapshot_meta import ArrivalMeta, DeliveryMeta, SnapshotMeta

OUTER_NET = (60, 300)
"""Seconds until a step that CleverTap no longer answered is repeated, after minutes of requests."""
GUARDS_CHECK = "guards"
"""The check that fails when a guard stops a delivery: a run that ends so yields no result of it."""


class ClevertapIOManager(dg.ConfigurableIOManager):
    """Writes the rows of a snapshot to CleverTap, and reads back each with its outcome."""

    staging: dg.ResourceDependency[ParquetStaging]
    account: ClevertapAccount | None = None
    accounts: dict[str, ClevertapAccount] = Field(
        default={}, description="Those of syncs with `destination: NAME`, by name."
    )
    report_days: float = Field(default=30, description="How long reports and ledgers are kept.")
    _subclassed: dict[str, ClevertapAccount] = PrivateAttr(default={})
    """Those of `accounts` that are of a class of the project: Dagster would make plain ones."""

    if not TYPE_CHECKING:  # where the fields are the arguments

        def __init__(self, **fields: Any) -> None:  # noqa: ANN401 - as they are declared
            accounts = dict(fields.get("accounts") or {})
            own = {n: a for n, a in accounts.items() if _is_subclassed(a)}
            plain = {name: account for name, account in accounts.items() if name not in own}
            super().__init__(**fields | ({"accounts": plain} if own else {}))
            self._subclassed = own

        def _with_updated_values(self, values: Mapping[str, Any] | None) -> "ClevertapIOManager":
            """Dagster's copy of this for a run, which knows the fields alone."""
            copied = super()._with_updated_values(values)
            copied._subclassed = self._subclassed  # noqa: SLF001 - its own
            return copied

    def settings_of(self, name: str | None) -> AccountSettings:
        """The account that syncs call `destination: NAME`; else what the environment says of it.

        Raises:
            DestinationError: Its passcode cannot be read.
        """
        account = self.accounts.get(name) if name else self.account
        if own := self._subclassed.get(name or ""):
            with _readable_settings():
                account = own.process_config_and_initialize()
        return account.settings if account else FROM_ENVIRONMENT(name)

    def check(self) -> None:
        """Refuses passcodes in plain text.

        Raises:
            UserError: See `ClevertapAccount.check`.
        """
        for account in (self.account, *self.accounts.values(), *self._subclassed.values()):
            if account is not None:
                account.check()

    def handle_output(self, context: dg.OutputContext, obj: Upload) -> None:
        with readable(), owners_files(data_dir()), stoppable() as stop:
            delivery_requests.check_options(obj.options)
            delivery_requests.check_gate(obj)
            delivery_requests.check_staged(obj)
            instance = context.step_context.instance
            to = destinations.started(
                obj.sync, instance, is_example=obj.is_example, accounts=self.settings_of
            )
            if to.is_sandbox or not _split_before(context):  # else the split has said so
                context.log.info(f"{obj.sync.name}: the destination is {destinations.label(to)}")
            destinations.tag_run(instance, context.run_id, to, obj.sync.name)
            result, arrival = self._deliver(context, obj, to, stop)
            for note in _notes(result):
                context.log.info(note)
            self._keep(context, obj, result, to, arrival)
            split = delivery_requests.split_of(obj)
            line = result_line(obj.sync.name, obj.partition, result.counts, split)
            context.log.info(line.replace(": ", f": {MARK}", 1))
            told = delivery_metadata(result, to, points_each(obj), obj.sync, obj.partition)
            context.log.info(told["summary"])
            context.add_output_metadata(told)

    def load_input(self, context: dg.InputContext) -> pl.LazyFrame:
        with readable():
            return self.staging.staging().current(*name_of(context)).scan()

    def _deliver(
        self, context: dg.OutputContext, upload: Upload, to: Destination, stop: threading.Event
    ) -> tuple[DeliveryResult, ArrivalMeta | None]:
        # Here, since most processes that load definitions deliver nothing.
        from ct_assets.io_managers.upload_delivery import delivered

        try:
            return delivered(context, upload, to, timedelta(days=self.report_days), stop)
        except DeliveryFailed as error:
            if error.result is None:
                raise
            failure = self._failed(context, upload, to, error.result, str(error), stop)
            if error.result.passing and not stop.is_set():
                _ask_again(context, failure)
            raise failure from None

    def _failed(
        self,
        context: dg.OutputContext,
        upload: Upload,
        to: Destination,
        result: DeliveryResult,
        why: str,
        stop: threading.Event,
    ) -> dg.Failure:
        """Keeps and tells what came of a delivery that did not reach its end."""
        self._keep(context, upload, result, to)
        instance = context.step_context.instance
        delivery_witness.observe(instance, context.asset_key, result, to.name)
        if result.objection:
            _tell_guard(context, result.objection)
        if stop.is_set():  # the run ends as cancelled, whose step has no metadata
            context.log.warning(f"{why}: {summary(result.counts)}")
        told = delivery_metadata(result, to, points_each(upload), upload.sync, upload.partition)
        context.log.info(told["summary"])
        return dg.Failure(why, metadata=told)

    def _keep(
        self,
        context: dg.OutputContext,
        upload: Upload,
        result: DeliveryResult,
        to: Destination,
        arrival: ArrivalMeta | None = None,
    ) -> None:
        """Stage the report, so that it can be read like any other asset."""
        staging = self.staging.staging()
        with staging.draft(*name_of(context)) as draft:
            shutil.copyfile(result.report, draft.path)
            draft.meta = SnapshotMeta(
                delivery=DeliveryMeta(
                    destination=to.name,
                    counts=result.counts,
                    objection=result.objection,
                    valid=staging.name_of(upload.valid),
                    arrival=arrival,
                )
            )
            staging.publish(draft)


def accounts_of(resource: object) -> Accounts:
    """The accounts of a project's resource `clevertap`, for whoever is not in one of its runs."""
    known = isinstance(resource, ClevertapIOManager)
    return _accounts_made({"clevertap": resource}) if known else FROM_ENVIRONMENT


def accounts_among(
    resources: Mapping[str, dg.ResourceDefinition], instance: dg.DagsterInstance | None = None
) -> Accounts:
    """The same for a step that does not need the resource: it is made only when it is asked.

    `instance` is that of the step; Dagster would make one, which takes longer than all the rest.
    """
    if "clevertap" not in resources:
        return FROM_ENVIRONMENT
    keys = resources["clevertap"].get_required_resource_keys(resources)
    return _accounts_made({key: resources[key] for key in ("clevertap", *keys)}, instance)


def _accounts_made(
    resources: Mapping[str, object], instance: dg.DagsterInstance | None = None
) -> Accounts:
    def settings_of(name: str | None) -> AccountSettings:
        with _readable_settings(), dg.build_resources(resources, instance) as made:
            manager = made.clevertap
            known = isinstance(manager, ClevertapIOManager)
            return manager.settings_of(name) if known else FROM_ENVIRONMENT(name)

    return settings_of


def _is_subclassed(account: object) -> bool:
    return isinstance(account, ClevertapAccount) and type(account) is not ClevertapAccount


@contextlib.contextmanager
def _readable_settings() -> Iterator[None]:
    try:
        yield
    except dg.DagsterError as error:
        raise DestinationError(f"the resource `clevertap` cannot be read: {error}") from None


def _notes(result: DeliveryResult) -> Iterator[str]:
    if result.settled:
        yield (
            f"an earlier run had left {result.settled.planned:,} records open: "
            f"{result.settled.acked:,} of them were acked"
        )
    yield from result.notes


def _ask_again(context: dg.OutputContext, failure: dg.Failure) -> None:
    """Have the step repeated later; it begins by settling what it sent. Not for ever."""
    asked = _asked_again(context)
    if asked < len(OUTER_NET):
        attempts = context.step_context.previous_attempt_count
        raise dg.RetryRequested(attempts + 1, seconds_to_wait=OUTER_NET[asked]) from failure


def _asked_again(context: dg.OutputContext) -> int:
    """Times so far; a step that merely waited for others was repeated for no failure."""
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


def _split_before(context: dg.OutputContext) -> bool:
    """Whether this run has split the rows that it delivers."""
    made = context.step_context.job_def.asset_layer.executable_asset_keys
    return dg.AssetKey([*context.asset_key.path[:-1], "valid"]) in made
