"""Parts phone numbers from the profiles whose identity they are: `ct-assets disassociate`."""

import re
from pathlib import Path

import click

from ct_assets.clevertap.contract import MAX_RECORDS
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import counted
from ct_assets.commands.support.separation_command import account, given, part, separation_options
from ct_assets.delivery.operations.separation import Separation
from ct_assets.errors import UserError, mask

_NEUTRAL = re.compile(r"[\s().-]")
_PHONE = re.compile(r"\+[1-9]\d{7,14}")


@click.command()
@click.argument("numbers", nargs=-1)
@separation_options
@click.pass_obj
def command(
    module: str, numbers: tuple[str, ...], file: Path | None, sync: str | None, *, yes: bool
) -> None:
    """Part phone numbers, such as +390212345678, from the profiles whose identity they are.

    Without --yes nothing is sent. CleverTap parts only NUMBERS that are identities; whoever is sent
    with the number after that is somebody new.
    """
    phones = [_NEUTRAL.sub("", number) for number in given(numbers, file)]
    for number in phones:
        if not _PHONE.fullmatch(number):
            raise UserError(
                f"{mask(number)} is no phone number with its country code, such as +390212345678"
            )
    to = account(Project.load(module), sync)
    told = f"{counted(len(phones), 'phone number')} would be parted from their profiles"
    part(to, phones, Separation.of_phones, would_be=told, per_call=MAX_RECORDS, yes=yes)
