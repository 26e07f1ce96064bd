"""Erases a person here and in CleverTap, and holds their rows from then on: `ct-assets forget`."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import click

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.contract import IDENTIFIERS
from ct_assets.clevertap.destination import Destination
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.log_erasure import erase_from_tables
from ct_assets.commands.support.output import counted
from ct_assets.commands.support.staged_erasure import erase_staged, named_by
from ct_assets.delivery.operations.erasure import ErasureError, erase_person
from ct_assets.delivery.operations.person_rows import Person, identifiers_of
from ct_assets.delivery.state.shared_folders import homes
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.errors import UserError, mask
from ct_assets.files import sweep_scratch
from ct_assets.io_managers import destinations
from ct_assets.io_managers.destinations import DestinationGuardError
from ct_assets.settings import data_dir


@click.command()
@click.option("--identity", "value", required=True, help="The identifier's value.")
@click.option(
    "--kind", type=click.Choice(IDENTIFIERS), default="identity", show_default=True, help="Of it."
)
@click.option("--lift", is_flag=True, help="The person came back: hold their rows no more.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(module: str, value: str, kind: str, *, lift: bool, yes: bool) -> None:
    """Erase a person from every sync's staging, state, ledger and reports, and from CleverTap.

    A keyed hash of the identifier stays, which holds the person's rows back from every later run,
    until --lift takes it away. The source is not touched.
    """
    value = value.strip()  # as identifiers are sent
    if not value:
        raise UserError("--identity is empty; write the identifier of the person to erase")
    project = Project.load(module)
    if lift:
        _lift(project, kind, value, yes=yes)
        return
    reached = _reached(project)
    folders = {path.name for path in _folders()}
    if not yes:
        names = ", ".join(destinations.label(to) for to in reached.values()) or "no destination"
        question = f"Erase {kind} {value!r} here and at {names}? This cannot be undone."
        click.confirm(question, abort=True)
    syncs = [declared.sync for declared in project.syncs.values()]
    person = named_by(project.staging, syncs, kind, value)
    failed = [
        error
        for name in sorted(folders | reached.keys())
        if (error := _forget(project, name, reached.get(name), kind, value, person))
    ]
    rows = erase_staged(project.staging, syncs, person)
    failed += erase_from_tables(project, person)
    sweep_scratch()
    click.echo(f"Staged files: {counted(rows, 'row')} erased.")
    if not folders and not reached:
        raise UserError(
            f"nothing was ever sent from {data_dir()}, and no credentials are set: nobody can be "
            "erased there, and nothing would hold the person back; is CT_DATA_DIR right?"
        )
    if failed:
        raise UserError("\n".join(failed))
    click.echo(f"{mask(value)} is forgotten; rows that name them are held back from now on.")


def _lift(project: Project, kind: str, value: str, *, yes: bool) -> None:
    """Lets the person's rows go again, by all identifiers that their rows bear today."""
    if not yes:
        question = f"Send the rows of {kind} {value!r} again from the next run on?"
        click.confirm(question, abort=True)
    folders = _folders()
    person = {(kind, value)}
    for declared in project.syncs.values():
        with contextlib.suppress(UserError), project.rows(declared) as rows:
            person |= set(identifiers_of(rows.valid.path, kind, value))
    lifted = [folder.name for folder in folders if Suppressions(folder).lift(person)]
    if not lifted:
        raise UserError(f"{mask(value)} is not forgotten at any destination; is the --kind right?")
    for folder in folders:
        Suppressions(folder).drop_pending(person)
    click.echo(
        f"{mask(value)} is forgotten no more ({', '.join(lifted)}). Their rows go with the next "
        "runs, as rows that were never sent: events, too."
    )


def _folders() -> list[Path]:
    """Those of all destinations that anything is known of, here or on other hosts."""
    states = data_dir() / "state"
    here = {path for path in states.glob("*") if path.is_dir()}
    return sorted(here | {home.parent for home in homes(states)})


def _reached(project: Project) -> Mapping[str, Destination]:
    """Destinations by name; a sandbox that never ran has nobody to erase and is left out.

    So is one where a guard lets nothing be sent: an account that is named no more, for instance.
    """
    reached = {}
    for name, declared in project.syncs.items():
        with contextlib.suppress(DestinationGuardError):
            if project.destination(name) is not None:
                to = destinations.started(
                    declared.sync, is_example=declared.is_example, accounts=project.accounts
                )
                reached[to.name] = to
    return reached


def _forget(
    project: Project, name: str, to: Destination | None, kind: str, value: str, person: Person
) -> str | None:
    """Forgets the person at one destination; gives the text of what is left to do, if any."""
    folder = data_dir() / "state" / name
    policies = {n: project.policy(declared.sync) for n, declared in project.syncs.items()}
    if to is None:
        erased = erase_person(folder, value, None, kind=kind, also=person, policies=policies)
        remote = "not deleted there: no credentials for it are set"
    else:
        try:
            with Client(to) as client:
                erased = erase_person(
                    folder, value, client, kind=kind, also=person, policies=policies
                )
        except ErasureError as error:
            return f"{destinations.label(to)}: {error}"
        remote = f"deleted from {destinations.label(to)}"
    rows = sum(erased.rows.values())
    click.echo(
        f"{name}: {counted(rows, 'row')} of state and {erased.files:,} of reports erased; {remote}."
    )
    return None
