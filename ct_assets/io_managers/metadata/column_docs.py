"""ColumnDocs describes the columns of staged assets for the catalog."""

from collections.abc import Mapping

import dagster as dg
import polars as pl

from ct_assets.system_columns import SYSTEM_COLUMNS

ABOUT: Mapping[str, Mapping[str, str]] = {
    "valid": {name: column.about for name, column in SYSTEM_COLUMNS.items()},
    "rejected": {"reasons": "Why the row is not sent; `ct-assets explain CODE` says more."},
    "undelivered": {
        "key": "Tells the row from all others: its identifier, or its event key.",
        "kind": "What `key` is: identity, objectId, FBID, GPID or event.",
        "outcome": "refused by CleverTap, unknown, unsent, or held back.",
        "code": "CleverTap's code, or ours; `ct-assets explain CODE` says more.",
        "message": "What CleverTap said.",
        "hint": "What to do about it.",
        "batch": "The request, within its delivery.",
        "run": "The Dagster run that sent it.",
    },
}


def column_schema(frame: pl.LazyFrame, stage: str) -> dg.TableSchema:
    """`stage`: the last part of the asset's key. What is of our own making comes last."""
    about, columns = ABOUT.get(stage, {}), frame.collect_schema()
    names = sorted(columns, key=lambda name: stage == "valid" and name in about)
    return dg.TableSchema(
        [dg.TableColumn(name, str(columns[name]), about.get(name)) for name in names]
    )
