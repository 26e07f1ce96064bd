"""Runs the tests that declarations have: `ct-assets test`."""

import click

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import counted
from ct_assets.components.preview.mapping_tests import failures
from ct_assets.errors import UserError


@click.command()
@click.argument("syncs", nargs=-1, metavar="[SYNC]...")
@click.pass_obj
def command(module: str, syncs: tuple[str, ...]) -> None:
    """Run the `tests` of SYNC, or of every sync: given rows, and what is expected of each.

    Neither the source nor CleverTap is asked. `dg check defs` runs them, too.
    """
    project = Project.load(module)
    declared = [project.sync(name) for name in syncs or sorted(project.syncs)]
    failed = []
    for each in declared:
        failed += failures(each.sync, each.place)
        click.echo(f"{each.sync.name}: {counted(len(each.sync.tests), 'test')}")
    if failed:
        raise UserError("\n".join(failed))
    if not any(each.sync.tests for each in declared):
        click.echo("No declaration has `tests`; write some, such as:\n" + EXAMPLE)


EXAMPLE = """\
  tests:
    - given: {CustomerId: 1, Phone: 030 123456, Country: Germany}
      expect: {identity: "1", Phone: "+4930123456"}"""
