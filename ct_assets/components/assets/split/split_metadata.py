"""SplitMetadata shows a split in Dagster's catalog: counts, reasons, lineage, no values."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import dagster as dg
import polars as pl

from ct_assets.components.project.asset_keys import key
from ct_assets.io_managers.metadata.metadata_tables import (
    ROWS,
    Shown,
    command,
    examples,
    first_rows,
    fix,
    table,
)
from ct_assets.mapping import Sync
from ct_assets.mapping.rejections import rejections
from ct_assets.snapshot_meta import ReasonCount, SplitMeta

TOP = 20
ReasonKeys = Mapping[tuple[str, str], Sequence[str]]


def split_metadata(
    sync: Sync, split: SplitMeta, seconds: float, keys: ReasonKeys = MappingProxyType({})
) -> dict[str, Any]:
    """For `valid` and `rejected`: where every row of the source went, and why.

    `keys`: some of the rejected rows by field and code.
    """
    counts = split.counts
    return {
        "conservation": table([{"rows": n, "count": c} for n, c in counts.totals().items()]),
        "reasons": reasons(split.reasons, keys, sync.show_keys),
        **({"warnings": warnings(split.warnings)} if split.warnings else {}),
        "gate": split.gate.why or "passed",
        **links(sync, "valid", "rejected"),
        "rows/source": counts.source,
        "rows/valid": counts.valid,
        "rows/rejected": counts.rejected,
        "rejected_share": round(counts.rejected_share, 3),
        "seconds": round(seconds, 2),
        "rows_per_second": round(counts.source / max(seconds, 1e-6)),
    }


def rejected_rows(sync: Sync, rejected: pl.LazyFrame, part: str | None) -> dict[str, Any]:
    """For `rejected` alone: the first of its rows, and the command that lists all."""
    found = rejections(sync, rejected.head(ROWS)).with_columns(
        todo=pl.col("code").map_elements(fix, pl.String)
    )
    return {**first_rows(found, sync.show_keys), "command": command("rejected", sync.name, part)}


def links(sync: Sync, *stages: str) -> dict[str, dg.MetadataValue]:
    return {stage: dg.MetadataValue.asset(key(sync, stage)) for stage in stages}


def reasons(
    counts: Iterable[ReasonCount],
    keys: ReasonKeys = MappingProxyType({}),
    show: Shown = "masked",
) -> dg.TableMetadataValue:
    """The most frequent reasons, each with what to do about it, and a few of the rows."""
    columns = {
        "field": "string",
        "code": "string",
        "rows": "int",
        "what to do": "string",
        "for example": "string",
    }
    most = sorted(counts, key=lambda count: -count.rows)[:TOP]
    lines = (
        (
            *(count.field or "", count.code, count.rows, fix(count.code)),
            examples(keys.get((count.field or "", count.code), ()), show),
        )
        for count in most
    )
    return table((dict(zip(columns, line, strict=True)) for line in lines), columns)


def warnings(counts: Iterable[ReasonCount]) -> dg.TableMetadataValue:
    """Facts that stop nothing and should be known."""
    columns = {"field": "string", "code": "string", "rows": "int", "message": "string"}
    return table(({name: getattr(count, name) for name in columns} for count in counts), columns)


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
