"""Implements what the commands that part identifiers from profiles have in common."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.codes import title
from ct_assets.clevertap.destination import Destination
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import counted
from ct_assets.delivery.operations.separation import Separated, Separation
from ct_assets.errors import UserError, mask
from ct_assets.io_managers.resources import destinations

F = TypeVar("F", bound=Callable[..., Any])


def separation_options(command: F) -> F:
    """`--file`, `--sync` and `--yes`."""
    file = click.option(
        "--file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A file with one more in each line.",
    )
    sync = click.option(
        "--sync", help="A sync that sends to the account; needed if there are several."
    )
    yes = click.option(
        "--yes", is_flag=True, help="Do it. Without this, only tell what would be done."
    )
    return file(sync(yes(command)))


def account(project: Project, sync: str | None) -> Destination:
    """The one that the sync, or all syncs, would send to."""
    names = [project.sync(sync).sync.name] if sync else sorted(project.syncs)
    found = {destinations.name_of(to): to for to in map(project.destination, names)}
    if len(found) != 1:
        raise UserError("the syncs send to several accounts, or to none: say which by --sync NAME")
    (destination,) = found.values()
    if destination is None:
        raise UserError("the destination is the sandbox, which has not run yet")
    return destination


def given(values: Sequence[str], file: Path | None) -> list[str]:
    """All values without blanks around them, each once, in their order."""
    lines = file.read_text(encoding="utf-8").splitlines() if file else []
    found = [*dict.fromkeys(text for value in (*values, *lines) if (text := value.strip()))]
    if not found:
        raise UserError("nobody is named: write them after the command, or use --file")
    return found


def part(
    to: Destination,
    values: Sequence[str],
    separate: Callable[[Separation, Sequence[str]], Iterator[Separated]],
    *,
    would_be: str,
    per_call: int,
    yes: bool,
) -> bool:
    """Parts all of them by `separate`, a method of `Separation`, and tells what came of it.

    False if it only told that they `would_be`, as nobody said `yes`.

    Raises:
        UserError: As `tell` does.
    """
    if not yes:
        calls = counted(len(range(0, len(values), per_call)), "call")
        click.echo(
            f"{would_be}, in {calls} to {destinations.label(to)}. Nothing was sent: add --yes to "
            "do it. It cannot be undone."
        )
        return False
    with Client(to) as client:
        tell(separate(Separation(client=client, stop=threading.Event()), values), len(values))
    return True


def tell(calls: Iterator[Separated], number: int) -> None:
    """Prints what came of each refused value, and how many were taken.

    Raises:
        UserError: A call was not taken; the message says how many were.
    """
    done, taken = 0, 0
    for call in calls:
        for value, code in call.refused:
            click.echo(f"{mask(value)} was refused with code {code}: {title(code)}")
        if call.why is not None:
            raise UserError(
                f"CleverTap did not confirm it ({call.why}). It judged the first {done:,} of "
                f"{number:,}; run again with the others"
            )
        done += len(call.values)
        taken += len(call.values) - len(call.refused)
    click.echo(f"CleverTap took {taken:,} of {number:,}.")
