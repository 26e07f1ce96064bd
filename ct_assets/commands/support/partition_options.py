"""PartitionOptions let a person choose the partitions of a sync, for one call of a command."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click
import dagster as dg

from ct_assets.components.automation import partitions
from ct_assets.components.automation.partition_choice import chosen
from ct_assets.components.preview.workspace import Workspace
from ct_assets.io_managers.parquet_io_manager import span
from ct_assets.mapping import Sync

F = TypeVar("F", bound=Callable[..., Any])


def partition_options(command: F) -> F:
    """`--partition` and `--all-partitions`; without them, those that a schedule would run."""
    one = click.option(
        "--partition",
        metavar="KEY",
        help="Of a sync with partitions: this one, such as 2026-01-31, or FIRST...LAST. Left out: "
        "the last two, and those with rows that wait.",
    )
    every = click.option("--all-partitions", is_flag=True, help="All partitions, from the first.")
    return one(every(command))


def partitions_of(
    workspace: Workspace, sync: Sync, partition: str | None, *, all_partitions: bool
) -> dg.PartitionKeyRange | None:
    """None if the sync has no partitions."""
    if partition is not None and all_partitions:
        raise click.UsageError("--partition and --all-partitions contradict each other")
    now = datetime.now().astimezone()
    return chosen(sync, workspace.staging, now, partition, every=all_partitions)


def tell_of_others(
    sync: Sync, keys: dg.PartitionKeyRange | None, partition: str | None, *, all_partitions: bool
) -> None:
    """Tells who chose no partitions that there are more than those that were taken."""
    parts = partitions.definition(sync)
    if keys is None or parts is None or partition is not None or all_partitions:
        return
    if keys.start != parts.get_first_partition_key():  # they end with the last one
        click.echo(f"These are the rows of {span(keys)}; --all-partitions takes all.")
