"""ValidRows makes `VALID` of the rows that are compared, and knows their fields."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

from collections.abc import Iterable
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.state import field_bitmap
from ct_assets.delivery.state.scratch_tables import VALID
from ct_assets.mapping.duplicates import PLACE
from ct_assets.sql import parquet_sql
from ct_assets.system_columns import SYSTEM_COLUMNS


def expose(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, changed: Path | None = None
) -> dict[str, int]:
    """Makes `VALID`, in which `present` has a bit for each field that is not null.

    Its rows are all of the request, or those `changed`, which have their place among them.
    """
    profiles = request.policy.object != "event"
    columns = field_columns(connection, request.valid) if profiles else {}
    positions = learn_fields(connection, columns)
    rows = parquet_sql(changed or request.valid, numbered=True)
    VALID.create_view(
        connection,
        f"""
        select
            {PLACE if changed else "file_row_number"} as row,
            _key as key, {"_kind" if profiles else "'event'"} as kind,
            _kind as lane_kind, _identity as lane_identity, _also as also, _ts as ts,
            _record as record, _clear as clear,
            {field_bitmap.as_list(field_bitmap.present(columns, positions))} as present
        from {rows} as v
        """,
    )
    return positions


def field_columns(connection: duckdb.DuckDBPyConnection, valid: Path) -> dict[str, str]:
    """SQL names by field; they differ where two fields differ in case alone."""
    described = connection.execute(f"describe from {parquet_sql(valid)}").fetchall()
    names = zip(pl.read_parquet_schema(valid), described, strict=True)
    return {field: row[0] for field, row in names if field not in SYSTEM_COLUMNS}


def learn_fields(connection: duckdb.DuckDBPyConnection, columns: Iterable[str]) -> dict[str, int]:
    """Returns the positions of all fields that this sync ever had; a field keeps its position."""
    stored = connection.execute("select name, position from fields order by position").fetchall()
    positions: dict[str, int] = dict(stored)
    for name in columns:
        if name not in positions:
            positions[name] = len(positions)
            connection.execute("insert into fields values (?, ?)", [positions[name], name])
    return positions
