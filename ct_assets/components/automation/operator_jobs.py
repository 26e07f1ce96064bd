"""OperatorJobs settle parked and refused records in the UI, for people who have no shell there."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import Field

from ct_assets.components.project import registry
from ct_assets.delivery import Policy
from ct_assets.errors import UserError, mask
from ct_assets.files import owners_files
from ct_assets.io_managers.clevertap_io_manager import accounts_of
from ct_assets.io_managers.delivery_requests import home, policy
from ct_assets.io_managers.resources import destinations
from ct_assets.io_managers.step_errors import readable
from ct_assets.settings import data_dir

SHOWN = 100
"""Parked records that the metadata of a run lists."""


class ParkedOptions(dg.Config):
    """All parked records of a sync: single ones, by keys that no run should keep, by command."""

    sync: str = Field(description="The sync whose records wait for a person.")
    resend: bool = Field(
        default=False, description="CleverTap does not have them: the next run sends."
    )
    discard: bool = Field(
        default=False, description="CleverTap has them: they are never sent again."
    )


class ReplayOptions(dg.Config):
    """The refused records of a sync."""

    sync: str = Field(description="The sync whose refused records go again with its next run.")
    code: str | None = Field(None, description="Only those refused with this code, such as 516.")
    since: str | None = Field(None, description="Only since then, such as 2026-01-31T08:00:00.")


def operator_jobs(definitions: Callable[[], dg.Definitions]) -> Iterator[dg.JobDefinition]:
    """The jobs `parked` and `replay`; `definitions` makes those of the whole deployment."""

    @dg.op(name="parked_records", out=dg.Out(dg.Nothing))
    def parked_op(
        context: dg.OpExecutionContext, config: ParkedOptions, clevertap: dg.ResourceParam[object]
    ) -> None:
        with readable(), owners_files(data_dir()):
            _settle_parked(context, config, *_state(context, definitions(), config.sync, clevertap))

    @dg.op(name="refused_records", out=dg.Out(dg.Nothing))
    def replay_op(
        context: dg.OpExecutionContext, config: ReplayOptions, clevertap: dg.ResourceParam[object]
    ) -> None:
        with readable(), owners_files(data_dir()):
            _replay(context, config, *_state(context, definitions(), config.sync, clevertap))

    @dg.job(description="Lists the parked records of a sync, and resends or discards them.")
    def parked() -> None:
        parked_op()

    @dg.job(name="replay", description="Offers the refused records of a sync again.")
    def replay_job() -> None:
        replay_op()

    yield from (parked, replay_job)


def _state(
    context: dg.OpExecutionContext, definitions: dg.Definitions, name: str, clevertap: object
) -> tuple[Path, Policy]:
    """The folder of the sync's state at the destination that it has now, and its policy."""
    syncs = registry.catalogue(definitions)
    found = registry.find(syncs, name)
    to = destinations.known(
        found.sync,
        context.instance,
        is_example=found.is_example,
        accounts=accounts_of(clevertap),
    )
    folder = home(destinations.name_of(to), name)
    if not folder.exists():
        raise UserError(f"{name} was never sent to {destinations.label(to)}")
    return folder, policy(found.sync, found.sync.digest, frozenset(syncs))


def _settle_parked(
    context: dg.OpExecutionContext, config: ParkedOptions, folder: Path, rules: Policy
) -> None:
    from ct_assets.delivery.operations import parked_records  # hardly ever needed

    if config.resend and config.discard:
        raise UserError("resend and discard contradict each other; give one of them")
    if config.resend:
        _tell(context, parked_records.resend(folder, rules), "go with the next run")
    elif config.discard:
        _tell(context, parked_records.discard(folder, rules), "are not to be sent again")
    else:
        rows = parked_records.listing(folder, rules)
        _tell(context, rows.height, "wait: see whether CleverTap has them")
        shown = rows.head(SHOWN).iter_rows(named=True)
        records = [
            dg.TableRecord(
                {"key": mask(row["key"]), "since": f"{row['since']:%F %T} UTC", "why": row["why"]}
            )
            for row in shown
        ]
        if records:
            context.add_output_metadata({"parked": dg.MetadataValue.table(records)})


def _replay(
    context: dg.OpExecutionContext, config: ReplayOptions, folder: Path, rules: Policy
) -> None:
    from ct_assets.delivery.operations.refused_records import replay  # hardly ever needed

    since = None
    if config.since:
        try:
            since = datetime.fromisoformat(config.since)
        except ValueError:
            told = f"since: {config.since!r} is no time; write it as 2026-01-31T08:00:00"
            raise UserError(told) from None
        since = since if since.tzinfo else since.replace(tzinfo=UTC)
    _tell(context, replay(folder, rules, code=config.code, since=since), "go with the next run")


def _tell(context: dg.OpExecutionContext, number: int, what: str) -> None:
    context.log.info(f"{number:,} records {what}")
    context.add_output_metadata({"records": number})
