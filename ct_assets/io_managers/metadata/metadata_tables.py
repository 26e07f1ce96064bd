"""MetadataTables builds tables as Dagster's catalog shows them."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import dagster as dg
import polars as pl

from ct_assets.clevertap.codes import entries
from ct_assets.errors import mask


def fix(code: str | int) -> str:
    entry = entries().get(str(code))
    return entry.fix if entry else ""


Shown = Literal["off", "masked", "plain"]
"""How keys of rows are shown in the catalog."""
EXAMPLES = 3
ROWS = 20


def examples(keys: Iterable[str | None], show: Shown) -> str:
    """A few keys of rows to look at, as the sync's `show_keys` has them."""
    known = [key for key in keys if key is not None] if show != "off" else []
    return ", ".join(_shown(key, show) for key in known[:EXAMPLES])


def first_rows(rows: pl.LazyFrame, show: Shown) -> dict[str, dg.TableMetadataValue]:
    """The first of `rows`, which have key, reason and todo; none where keys are not shown."""
    if show == "off":
        return {}
    columns = {"key": "string", "reason": "string", "what to do": "string"}
    found = rows.select("key", "reason", "todo").head(ROWS).collect(engine="streaming").rows()
    lines = ((_shown(key or "", show), reason, todo or "") for key, reason, todo in found)
    listed = (dict(zip(columns, line, strict=True)) for line in lines)
    return {"rows": table(listed, columns)}


def _shown(key: str, show: Shown) -> str:
    return mask(key) if key and show == "masked" else key


def command(name: str, sync: str, part: str | None) -> str:
    """Tells of the command that has all rows of a table, and all of each row."""
    chosen = f" --partition '{part}'" if part else ""
    told = "lists all of them with all columns; `--key` one, and `--out FILE` exports them"
    return f"`ct-assets {name} {sync}{chosen}` {told}"


def table(
    rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str] | None = None
) -> dg.TableMetadataValue:
    """`columns`: names and types, needed where there may be no row."""
    schema = columns and dg.TableSchema([dg.TableColumn(n, t) for n, t in columns.items()])
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], schema=schema or None)
