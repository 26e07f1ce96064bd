"""`ct-assets preview`: the exact records of a sync, and its rejected rows with their reasons."""

import json

import click

from ct_assets.commands.project import Project
from ct_assets.components.rows import Rows


@click.command()
@click.argument("sync")
@click.option("--limit", default=10, show_default=True, help="Rows to show of each kind.")
@click.pass_obj
def command(module: str, sync: str, limit: int) -> None:
    """Show what SYNC would send, and what it rejects, without touching state or network.

    Personal data is shown: it is what you asked for.
    """
    project = Project.load(module)
    with project.rows(project.sync(sync)) as rows:
        click.echo(f"{rows.counts.valid} valid, {rows.counts.rejected} rejected")
        _records(rows, limit)
        _rejected(rows, limit)


def _records(rows: Rows, limit: int) -> None:
    for record in rows.valid.scan().head(limit).select("_record").collect().to_series():
        click.echo(record)


def _rejected(rows: Rows, limit: int) -> None:
    frame = rows.rejected.scan().head(limit).collect()
    for row in frame.to_dicts():
        reasons = row.pop("reasons")
        click.echo(f"\nrejected: {json.dumps(row, ensure_ascii=False, default=str)}")
        for reason in reasons:
            click.echo(f"  {reason['field']}: {reason['message']} [{reason['code']}]")
