"""MetadataTables builds tables as Dagster's catalog shows them."""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from ct_assets.clevertap.codes import entries


def fix(code: str | int) -> str:
    entry = entries().get(str(code))
    return entry.fix if entry else ""


def table(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str] | None = None
) -> dg.TableMetadataValue:
    """`columns`: names and types, needed where there may be no row."""
    schema = columns and dg.TableSchema([dg.TableColumn(n, t) for n, t in columns.items()])
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], schema=schema or None)
