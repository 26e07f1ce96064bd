"""Runs `ct-assets`; each of its commands is a module of a package in `ct_assets.commands`."""

import contextlib
import importlib

import click

from ct_assets import __version__
from ct_assets.clevertap.garbage_pause import GarbagePause
from ct_assets.errors import UserError
from ct_assets.files import owners_files
from ct_assets.settings import ProjectError, data_dir, enter_project_of

ROOMS = {
    "people": {
        "baseline": "Take people as sent whom another tool has sent, and send none of them.",
        "demerge": "Part profiles that were merged by mistake.",
        "disassociate": "Part phone numbers from the profiles whose identity they are.",
        "forget": "Erase a person here and in CleverTap, and keep them from coming back.",
    },
    "project": {
        "demo": "Send the example syncs to the sandbox and show what became of every row.",
        "doctor": "Check everything that a sync needs, with a fix for what fails.",
        "import": "Write declarations for syncs of another tool, and say what has no equal.",
        "init": "Add to a Dagster project what it lacks, or begin one.",
        "sandbox": "Serve CleverTap on loopback, by hand.",
        "sources": "Show every source, whether it can be read, and what its columns become.",
        "test": "Run the tests of declarations: given rows, and what is expected of each.",
    },
    "rows": {
        "explain": "Explain a code, or tell the story of one row of a sync.",
        "parked": "List the events whose fate is unknown, and settle them.",
        "rejected": "List the rows that a sync rejected, with their reasons, or export them.",
        "replay": "Offer refused rows again after a fix.",
        "undelivered": "List the rows that CleverTap did not take, or export them.",
    },
    "syncs": {
        "plan": "Say what the next run of a sync would send, without sending.",
        "preview": "Show the exact records of a sync and its rejected rows.",
        "run": "Run a sync once, with a limit, in full, or past a guard.",
        "state": "Rebuild, back up, restore or check what is known to be sent.",
        "status": "Show every sync: destination, last run, counts, what is parked.",
    },
}
"""Commands with what they do, by the packages of `ct_assets.commands` that have them."""

COMMANDS = {name: summary for room in ROOMS.values() for name, summary in room.items()}


class Commands(click.Group):
    """Loads a command's module when it is called, so that `--help` stays quick.

    A person's mistake is one readable message and exit code 1.
    """

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except UserError as error:
            message = str(error)
        except OSError as error:
            if error.filename is None:
                raise
            message = f"{error.filename}: {error.strerror}"
        finally:
            with contextlib.suppress(ProjectError), owners_files(data_dir()):
                pass  # what the command has made
        click.echo(f"Error: {message}", err=True)
        raise click.exceptions.Exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return loaded(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


def loaded(name: str) -> click.Command:
    """The command of that name, which is one of `COMMANDS`."""
    room = next(room for room, names in ROOMS.items() if name in names)
    with GarbagePause(lasting=True):
        module = importlib.import_module(f"ct_assets.commands.{room}.{name}")
    command: click.Command = module.command
    command.help = command.help or COMMANDS[name]
    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ct-assets")
@click.option(
    "--module",
    default="",
    envvar="CT_DEFINITIONS",
    help="The Python module that holds the Dagster definitions; left out: the project's own.",
)
@click.pass_context
def cli(ctx: click.Context, module: str) -> None:
    """Keep CleverTap in step with a data warehouse."""
    if module:
        enter_project_of(module)
    ctx.obj = module


def main() -> None:
    cli(prog_name="ct-assets")
