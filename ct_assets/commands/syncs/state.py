"""Brings the state of syncs back, backs it up, and checks it: `ct-assets state`."""

import contextlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, ok
from ct_assets.commands.checkup.state_files import UnhealthyError, healthy, states
from ct_assets.commands.project.doctor import report
from ct_assets.commands.support.dagster_runs import home_of_project, instance
from ct_assets.commands.support.known_deliveries import KnownDeliveries
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import console, counted, table
from ct_assets.components.preview.sync_plan import planned_request
from ct_assets.delivery.recovery import transfer
from ct_assets.delivery.recovery.backup import back_up
from ct_assets.delivery.recovery.manifest import STATES, BackupError, Manifest, read_manifest
from ct_assets.delivery.recovery.rebuild import Rebuild, rebuilt
from ct_assets.delivery.recovery.restore import Restoration, restoration, restore_forgotten
from ct_assets.delivery.recovery.transfer import Transfer
from ct_assets.io_managers import delivery_witness
from ct_assets.io_managers.delivery_requests import DeliveryOptions
from ct_assets.io_managers.resources import destinations
from ct_assets.settings import data_dir

FOLDER = click.Path(file_okay=False, path_type=Path)
YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group()
def command() -> None:
    """Rebuild, back up, restore, move or check the state: all that is known to be sent."""


@command.command()
@click.argument("sync")
@click.option(
    "--sent-until",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]),
    help="As a last resort: events of today's source up to then (UTC; a day to its end), of which "
    "nothing is known, count as sent.",
)
@YES
@click.pass_obj
def rebuild(module: str, sync: str, sent_until: datetime | None, *, yes: bool) -> None:
    """Restore what CleverTap has acknowledged of SYNC from reports, outboxes and old files.

    What the new state would hold is shown first. The old files are kept aside.
    """
    project = Project.load(module)
    declared = project.sync(sync)
    if sent_until and declared.sync.object != "event":
        raise click.UsageError("--sent-until is for events: profiles may be sent again")
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(instance(home_of_project()))
        to = project.destination(sync, opened)
        witnesses = delivery_witness.latest(opened, sync, to) if opened else ()
        rows = stack.enter_context(project.rows(declared))
        request = planned_request(project, declared, rows, to, DeliveryOptions(), witnesses)
        staged = project.staging.snapshots((sync, "clevertap"))
        until = _end_of(sent_until)
        new = stack.enter_context(rebuilt(request, staged=staged, sent_until=until))
        _show_rebuild(sync, destinations.label(to), new, until)
        if not yes:
            click.confirm(f"Rebuild the state of {sync}?", abort=True)
        new.put_in_place()
    click.echo(f"The state of {sync} is rebuilt; the next run goes on from there.")


def _end_of(moment: datetime | None) -> datetime | None:
    """In UTC; a date stands for its last second."""
    if moment is None:
        return None
    whole = moment.time() == datetime.min.time()
    return (moment + timedelta(days=1, seconds=-1) if whole else moment).replace(tzinfo=UTC)


def _show_rebuild(sync: str, to: str, new: Rebuild, until: datetime | None) -> None:
    out, report = console(), new.next_run
    out.print(f"{sync}: its state for {to} can be rebuilt", soft_wrap=True)
    for text in new.evidence or ("nothing: no report, no outbox and no older state is left",):
        out.print(f"  from {text}", soft_wrap=True)
    for text in new.ignored:
        out.print(f"  not from {text}", soft_wrap=True)
    counts = table("rows", "count", numbers=("count",))
    counts.add_row("known to be sent", f"{new.sent:,}")
    counts.add_row("unknown, held for a person (ct-assets parked)", f"{new.parked:,}")
    counts.add_row("held for other reasons", f"{new.held:,}")
    counts.add_row("rows of the source now", f"{report.valid:,}")
    counts.add_row("  that the next run would send", f"{report.new + report.changed:,}")
    out.print(counts)
    if until:
        out.print(f"Events up to {until:%Y-%m-%d %H:%M:%S} UTC count as sent.")
    for text in _doubts(new):
        out.print(text, style="yellow", soft_wrap=True)


def _doubts(new: Rebuild) -> Sequence[str]:
    texts = []
    if new.unreadable:
        texts.append(f"{counted(new.unreadable, 'row')} of the damaged state cannot be read.")
    if new.gaps:
        numbers = ", ".join(map(str, new.gaps[:10])) + (" ..." if len(new.gaps) > 10 else "")
        texts.append(
            f"Nothing is left of what was sent by delivery {numbers}: what it sent may be among "
            f"the rows that the next run would send. For events, --sent-until DATE has those up "
            f"to DATE count as sent."
        )
    if new.next_run.objection:
        texts.append(f"The next run would stop: {new.next_run.objection}")
    return texts


@command.command()
@click.argument("folder", type=FOLDER)
@click.pass_obj
def backup(module: str, folder: Path) -> None:
    """Copy the state of all syncs to FOLDER, which must be new, while runs go on."""
    Project.load(module)
    made = back_up(data_dir() / "state", folder, click.echo)
    click.echo(
        f"{counted(len(made.syncs), 'sync')} backed up to {folder}, readable by its owner alone. "
        f"Look at it with: ct-assets state check {folder}"
    )


@command.command()
@click.argument("folder", type=FOLDER)
@click.option("--sync", "names", multiple=True, help="Only this one; may be given several times.")
@YES
@click.pass_obj
def restore(module: str, folder: Path, names: tuple[str, ...], *, yes: bool) -> None:
    """Put the state back as the backup in FOLDER has it, and list what was sent since."""
    project = Project.load(module)
    manifest = read_manifest(folder)
    labels = [each for each in manifest.syncs if not names or each.partition("/")[2] in names]
    if not labels:
        raise BackupError(f"{folder} has no sync {', '.join(names)}")
    root = data_dir() / "state"
    with contextlib.ExitStack() as stack:
        known = KnownDeliveries(project, stack.enter_context(instance(home_of_project())))
        found = [
            stack.enter_context(
                restoration(root / each, folder, manifest, known.witnesses(root / each))
            )
            for each in sorted(labels)
        ]
        for each in found:
            _show_restoration(each, manifest)
        if not yes:
            click.confirm("Put these states back?", abort=True)
        since = restore_forgotten(root, folder)
        for each in found:
            each.put_in_place()
    for each in found:
        if each.later or each.witness:
            click.echo(f"{each.home.name}: look at what its next run does: {_next(each)}")
    if since:
        click.echo(
            f"{counted(since, 'identifier')} of people were forgotten since the backup, and may be "
            "in it: run ct-assets forget for them again, once these states are rebuilt."
        )


def _next(found: Restoration) -> str:
    return f"ct-assets plan {found.home.name}, or ct-assets state rebuild {found.home.name}"


def _show_restoration(found: Restoration, manifest: Manifest) -> None:
    copied = found.copied
    click.echo(
        f"{found.home.parent.name}/{found.home.name}: {copied.keys:,} rows acknowledged, up to "
        f"delivery {copied.folded}, of {manifest.made:%Y-%m-%d %H:%M} UTC"
    )
    for each in found.later:
        known = "what it sent is not known"
        acked = known if each.acked is None else f"{each.acked:,} acknowledged"
        began = f" of {each.at[:16].replace('T', ' ')} UTC" if each.at else ""
        click.echo(f"  since then: delivery {each.number}{began}, {acked}")
    if not found.later and copied.under_way:
        click.echo(f"  it was made while delivery {copied.under_way} was under way")


@command.command(name="copy")
@click.pass_obj
def copy_to_store(module: str) -> None:
    """Bring the state of all syncs on this disk to the store that hosts share."""
    Project.load(module)
    _show_transfers(transfer.copy(data_dir() / "state"))
    click.echo("The shared store has the state now; every host goes on from there.")


@command.command(name="import")
@click.argument("folder", type=FOLDER)
@click.pass_obj
def bring(module: str, folder: Path) -> None:
    """Copy the states in FOLDER, an export or a backup, to where none is known yet."""
    Project.load(module)
    _show_transfers(transfer.bring(folder, data_dir() / "state"))


@command.command()
@click.argument("folder", type=FOLDER)
@click.pass_obj
def export(module: str, folder: Path) -> None:
    """Copy the state of all syncs, wherever it is kept, to FOLDER, which must be new."""
    Project.load(module)
    _show_transfers(transfer.export(data_dir() / "state", folder))


def _show_transfers(transfers: Iterable[Transfer]) -> None:
    for each in transfers:
        click.echo(
            f"{each.label}: {each.acked:,} rows acknowledged, {each.held:,} held, "
            f"{counted(each.files, 'file')}; checked"
        )


@command.command()
@click.argument("folder", type=FOLDER, required=False)
@click.pass_context
def check(ctx: click.Context, folder: Path | None) -> None:
    """Check the backup in FOLDER, or else the state of all syncs, file by file."""
    project = Project.load(ctx.obj)
    with instance(home_of_project()) as opened:
        known = KnownDeliveries(project, opened)
        findings = list(_backup_findings(folder) if folder else states(data_dir() / "state", known))
    report(findings)
    if any(each.status == "failed" for each in findings):
        ctx.exit(1)


def _backup_findings(folder: Path) -> Sequence[Diagnosis]:
    manifest = read_manifest(folder)
    return [_copy_finding(folder, manifest, each) for each in sorted(manifest.syncs)]


def _copy_finding(folder: Path, manifest: Manifest, sync: str) -> Diagnosis:
    copied, name = manifest.syncs[sync], f"copy of {sync}"
    if wrong := manifest.faults(folder, [sync]):
        return failed(name, "; ".join(wrong), "Use another backup; this one restores nothing.")
    try:
        told = healthy(folder / STATES / sync)
    except UnhealthyError as error:
        return failed(name, error, "Upgrade ct_assets if a newer one wrote it; else use another.")
    return ok(name, f"{told}, up to delivery {copied.folded}")
