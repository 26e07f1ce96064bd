"""Parked records, whose answer was lost, wait until a person resends or discards them."""

# ruff: noqa: S608 -- statements are put together from codes of ours

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.clevertap.codes import DISCARDED, PARKED
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.operations.settled_state import settled

_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "key": pl.String,
    "kind": pl.String,
    "why": pl.String,
    "since": pl.Datetime("us"),
    "delivery": pl.UInt32,
    "batch": pl.UInt32,
    "partition": pl.String,
    "record": pl.String,
}


def listing(home: Path, policy: Policy) -> pl.DataFrame:
    """Lists key, kind, why, since (UTC), delivery, batch, partition and record (JSON, as sent)."""
    with settled(home, policy) as connection:
        parked = connection.execute(
            "select key, kind, message, since, delivery, batch, partition, record"
            f" from held where reason = '{PARKED}' order by delivery, batch, key"
        ).fetchall()
    return pl.DataFrame(parked, schema=_SCHEMA, orient="row")


def resend(home: Path, policy: Policy, keys: Sequence[str] | None = None) -> int:
    """Lets them leave with the next run that finds them in the source: CleverTap has them not."""
    with settled(home, policy) as connection:
        return _change(connection, "delete from held", keys)


def discard(home: Path, policy: Policy, keys: Sequence[str] | None = None) -> int:
    """Never sends them again: CleverTap has them, or need not have them."""
    with settled(home, policy) as connection:
        discarding = f"update held set reason = '{DISCARDED}', record = null"
        return _change(connection, discarding, keys)


def _change(
    connection: duckdb.DuckDBPyConnection, statement: str, keys: Sequence[str] | None
) -> int:
    wanted = "" if keys is None else " and list_contains($keys, key)"
    changed = connection.execute(
        f"{statement} where reason = '{PARKED}'{wanted}",
        {} if keys is None else {"keys": list(keys)},
    ).fetchone()
    return int(changed[0]) if changed else 0
