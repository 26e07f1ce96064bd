"""MetadataTables builds tables as Dagster's catalog shows them."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import dagster as dg

from ct_assets.clevertap.codes import entries
from ct_assets.errors import mask


def fix(code: str | int) -> str:
    entry = entries().get(str(code))
    return entry.fix if entry else ""


Shown = Literal["off", "masked", "plain"]
"""How keys of rows are shown in the catalog."""
EXAMPLES = 3


def examples(keys: Iterable[str | None], show: Shown) -> str:
    """A few keys of rows to look at, as the sync's `show_keys` has them."""
    known = [key for key in keys if key is not None] if show != "off" else []
    return ", ".join(mask(key) if show == "masked" else key for key in known[:EXAMPLES])


def table(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str] | None = None
) -> dg.TableMetadataValue:
    """`columns`: names and types, needed where there may be no row."""
    schema = columns and dg.TableSchema([dg.TableColumn(n, t) for n, t in columns.items()])
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], schema=schema or None)
