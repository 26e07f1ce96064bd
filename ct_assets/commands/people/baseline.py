"""Takes the people of a sync as sent, as another tool has sent them: `ct-assets baseline`."""

from dataclasses import replace

import click

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import counted
from ct_assets.components.preview.sync_plan import planned_request
from ct_assets.components.project.registry import Declared
from ct_assets.delivery.operations.inspection import sync_status
from ct_assets.delivery.operations.sent_elsewhere import take_as_sent
from ct_assets.errors import UserError
from ct_assets.io_managers.delivery_requests import DeliveryOptions, home
from ct_assets.io_managers.resources import destinations

RUN = "baseline"
"""In the place of a run of Dagster, in the ledger and the report."""


@click.command()
@click.argument("sync")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(module: str, sync: str, *, yes: bool) -> None:
    """Take the rows of SYNC as sent that its source has now, and send none of them.

    For people whom another tool has sent with the same fields: the first run sends only who has
    changed since, in place of everybody. Compare a few with `ct-assets preview SYNC` before.
    """
    project = Project.load(module)
    declared = project.sync(sync)
    _check(declared)
    to = destinations.started(
        declared.sync, is_example=declared.is_example, accounts=project.accounts
    )
    known = sync_status(home(to.name, sync))
    if known and (known.synced or known.open or known.last):
        raise UserError(
            f"{sync} was delivered to {destinations.label(to)} before: a baseline is for a sync "
            "that has sent nothing there"
        )
    with project.rows(declared) as rows:
        if rows.split.gate.why:
            raise UserError(f"nothing was taken as sent: {rows.split.gate.why}")
        count = counted(rows.split.counts.valid, "row")
        if not yes:
            question = f"Take {count} of {sync} as sent to {destinations.label(to)}?"
            click.confirm(f"{question} Whoever is not there stays away until changed", abort=True)
        request = planned_request(project, declared, rows, to, DeliveryOptions())
        result = take_as_sent(replace(request, run=RUN), to)
    click.echo(
        f"{counted(result.counts.acked, 'row')} of {sync} taken as sent; none was. "
        f"Look at what a run sends now: ct-assets plan {sync}"
    )


def _check(declared: Declared) -> None:
    sync = declared.sync
    if sync.object == "event":
        raise UserError(
            f"{sync.name} sends events: declare `first_run: from_now`, which holds those that "
            "happened before the first run"
        )
    if sync.object != "profile":
        raise UserError(f"{sync.name} is no sync of profiles, which alone have a baseline")
