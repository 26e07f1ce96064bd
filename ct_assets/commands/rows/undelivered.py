"""Lists the rows that did not arrive though they were valid: `ct-assets undelivered`."""

from collections.abc import Sequence

import click
import polars as pl

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.row_listing import Export, listing_options, write
from ct_assets.components.assets.sync_assets import undelivered_rows


@click.command()
@click.option("--reason", help="Only rows with this code, such as 516, or this outcome.")
@click.option("--run", help="Only rows of this run of Dagster.")
@click.option("--key", help="Only rows of this key.")
@listing_options
@click.pass_obj
def command(
    module: str,
    sync: str,
    *,
    reason: str | None,
    run: str | None,
    key: str | None,
    partition: str | None,
    export: Export,
) -> None:
    """List the rows of SYNC that CleverTap refused, or whose answer was lost, with their records.

    They are those of the last delivery. Personal data is shown: it is what you asked for.
    """
    project = Project.load(module)
    report = project.snapshot(sync, "clevertap", partition)
    rows = undelivered_rows(report.scan())
    if reason is not None:
        rows = rows.filter((pl.col("code") == reason) | (pl.col("outcome") == reason))
    for column, wanted in (("run", run), ("key", key)):
        if wanted is not None:
            rows = rows.filter(pl.col(column) == wanted)
    delivery = report.meta.delivery
    if delivery and delivery.valid:
        valid = project.staging.named(delivery.valid)
    else:  # an earlier version did not note which it was
        valid = project.snapshot(sync, "valid", partition).scan()
    if valid is None:
        click.echo("Their records are gone: the rows were split again since.", err=True)
        valid = pl.LazyFrame(schema=dict.fromkeys(("_key", "_kind", "_record"), pl.String))
    records = valid.select(key="_key", kind="_kind", record="_record")
    write(rows.join(records, on=["key", "kind"], how="left"), export, _lines)


def _lines(frame: pl.DataFrame) -> Sequence[str]:
    lines: list[str] = []
    for row in frame.iter_rows(named=True):
        code = f" {row['code']}" if row["code"] else ""
        lines.append(f"{row['kind']} {row['key']}: {row['outcome']}{code}")
        lines += [f"  {row[name]}" for name in ("message", "hint", "record") if row[name]]
    return lines
