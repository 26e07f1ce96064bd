"""Lists the rows that a sync rejected, with their reasons: `ct-assets rejected`."""

import json
from collections.abc import Sequence

import click
import polars as pl

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import reason_text
from ct_assets.commands.support.row_listing import Export, listing_options, write
from ct_assets.commands.support.shown_rows import shown_rows
from ct_assets.mapping.raw_keys import rows_with_key


@click.command()
@click.option("--reason", help="Only rows with this reason code, such as phone_unreadable.")
@click.option("--field", help="Only rows of which this field has a reason.")
@click.option("--key", help="Only rows of this event key or identifier.")
@listing_options
@click.pass_obj
def command(
    module: str,
    sync: str,
    *,
    reason: str | None,
    field: str | None,
    key: str | None,
    partition: str | None,
    export: Export,
) -> None:
    """List the rows that the last run of SYNC rejected, with all columns and the reasons.

    Personal data is shown: it is what you asked for.
    """
    project = Project.load(module)
    declared = project.sync(sync).sync
    rows = project.snapshot(sync, "rejected", partition).scan()
    for name, wanted in (("code", reason), ("field", field)):
        if wanted is not None:
            reasons = pl.col("reasons").list.eval(pl.element().struct.field(name) == wanted)
            rows = rows.filter(reasons.list.any())
    if key is not None:
        event_key = [declared.event_key] if declared.event_key else []
        rows = rows_with_key(declared, rows, [*event_key, *declared.identify_by], key)
    write(rows, export, _lines)


def _lines(frame: pl.DataFrame) -> Sequence[str]:
    lines: list[str] = []
    listed = frame["reasons"].to_list()
    for row, reasons in zip(shown_rows(frame.drop("reasons")), listed, strict=True):
        lines.append(json.dumps(row, ensure_ascii=False, default=str))
        lines += [f"  {reason_text(reason)}" for reason in reasons]
    return lines
