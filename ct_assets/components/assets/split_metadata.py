"""What a split says of itself in Dagster's catalog: counts, reasons, lineage; nobody's data."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
import polars as pl

from ct_assets.components.project.asset_keys import key
from ct_assets.io_managers.metadata_tables import fix, table
from ct_assets.mapping import Sync
from ct_assets.row_counts import RowCounts

TOP = 20


def split_metadata(sync: Sync, meta: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """For `valid` and `rejected`: where every row of the source went, and why."""
    counts = RowCounts(**meta["counts"])
    return {
        "conservation": table([{"rows": n, "count": c} for n, c in counts.totals().items()]),
        "reasons": reasons(meta["reasons"]),
        **({"warnings": warnings(meta["warnings"])} if meta["warnings"] else {}),
        "gate": meta["gate"]["why"] or "passed",
        **links(sync, "valid", "rejected"),
        "rows/source": counts.source,
        "rows/valid": counts.valid,
        "rows/rejected": counts.rejected,
        "rejected_share": counts.rejected_share,
        "seconds": seconds,
        "rows_per_second": counts.source / max(seconds, 1e-6),
    }


def links(sync: Sync, *stages: str) -> dict[str, dg.MetadataValue]:
    return {stage: dg.MetadataValue.asset(key(sync, stage)) for stage in stages}


def reasons(rows: Iterable[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """The most frequent reasons, each with what to do about it."""
    columns = {"field": "string", "code": "string", "rows": "int", "what to do": "string"}
    most = sorted(rows, key=lambda row: -row["rows"])[:TOP]
    return table(
        [
            {
                "field": row["field"] or "",
                "code": row["code"],
                "rows": row["rows"],
                "what to do": fix(row["code"]),
            }
            for row in most
        ],
        columns,
    )


def warnings(rows: Iterable[Mapping[str, Any]]) -> dg.TableMetadataValue:
    """What stops nothing and should be known."""
    columns = {"field": "string", "code": "string", "rows": "int", "message": "string"}
    return table([{name: row[name] for name in columns} for row in rows], columns)


def lineage(
    sync: Sync, stage: str, columns: pl.Schema, source: dg.AssetKey
) -> dg.TableColumnLineage:
    """From a column of `valid`, a field, or of `rejected` to the source's columns behind it."""
    if stage == "valid":
        behind = sync.lineage()
    else:
        behind = {name: {name} for name in columns if name != "reasons"}
    return dg.TableColumnLineage(
        {
            field: [dg.TableColumnDep(source, name) for name in sorted(names)]
            for field, names in behind.items()
        }
    )
