"""Shows the exact records of a sync, and its rejected rows with reasons: `ct-assets preview`."""

import json

import click

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import reason_text
from ct_assets.commands.support.partition_options import (
    partition_options,
    partitions_of,
    tell_of_others,
)
from ct_assets.commands.support.shown_rows import shown_rows
from ct_assets.components.assets.gate_advice import advice
from ct_assets.components.preview.scratch import SplitRows
from ct_assets.io_managers.parquet_io_manager import span
from ct_assets.mapping.snapshot_warnings import merge_hazards
from ct_assets.row_counts import RowCounts


@click.command()
@click.argument("sync")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Rows to show of each kind.",
)
@partition_options
@click.pass_obj
def command(
    module: str, sync: str, limit: int, partition: str | None, *, all_partitions: bool
) -> None:
    """Show what SYNC would send, and what it rejects, without touching state or network.

    A source that is an asset of your own runs for it, and what it gives is kept nowhere.
    Personal data is shown: it is what you asked for.
    """
    project = Project.load(module)
    declared = project.sync(sync)
    keys = partitions_of(project, declared.sync, partition, all_partitions=all_partitions)
    with project.rows(declared, keys) as rows:
        click.echo(f"{_counted(rows.split.counts)}{f', of {span(keys)}' if keys else ''}")
        _records(rows, limit)
        _rejected(rows, limit)
        if declared.sync.object == "profile":
            _shared(rows)
        if why := rows.split.gate.why:
            todo = advice(declared.sync, rows.split, shown=True)
            click.echo(f"\nNothing would be sent: {why}.{' ' if todo else ''}{todo}")
    tell_of_others(declared.sync, keys, partition, all_partitions=all_partitions)


def _counted(counts: RowCounts) -> str:
    others = {"superseded": counts.superseded, "cut by `where`": counts.cut}
    left_out = "".join(f", {rows:,} {name}" for name, rows in others.items() if rows)
    return f"{counts.valid:,} valid, {counts.rejected:,} rejected{left_out}"


def _records(rows: SplitRows, limit: int) -> None:
    shown = rows.valid.scan().head(limit).select("_record", "_warnings").collect()
    for record, warnings in shown.iter_rows():
        click.echo(record)
        for warning in warnings or ():
            click.echo(f"  warning: {reason_text(warning)}")


def _shared(rows: SplitRows) -> None:
    """People whom CleverTap may take for one, by their keys."""
    for hazard in merge_hazards(rows.valid.path):
        groups = "; ".join(" and ".join(keys) for keys in hazard.keys)
        more = "; and others" if hazard.rows > sum(map(len, hazard.keys)) else ""
        click.echo(f"\nwarning: {hazard.rows:,} profiles share {hazard.field}: {groups}{more}")


def _rejected(rows: SplitRows, limit: int) -> None:
    frame = rows.rejected.scan().head(limit).collect()
    listed = frame["reasons"].to_list()
    for row, reasons in zip(shown_rows(frame.drop("reasons")), listed, strict=True):
        click.echo(f"\nrejected: {json.dumps(row, ensure_ascii=False, default=str)}")
        for reason in reasons:
            click.echo(f"  {reason_text(reason)}")
