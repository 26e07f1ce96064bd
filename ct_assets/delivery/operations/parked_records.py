"""Records whose answer was lost under `on_unknown: park`, until a person has looked."""

# ruff: noqa: S608 -- statements are put together from codes of ours

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from ct_assets.clevertap.codes import DISCARDED, PARKED
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.settlement.settle import settled

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
    """key, kind, why, since (UTC), delivery, batch, partition, record (the JSON that was sent)."""
    with settled(home, policy) as connection:
        found = connection.execute(
            "select key, kind, message, since, delivery, batch, partition, record"
            f" from held where reason = '{PARKED}' order by delivery, batch, key"
        ).fetchall()
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


def resend(home: Path, policy: Policy, keys: Sequence[str] | None = None) -> int:
    """CleverTap does not have them: they go with the next run that finds them in the source."""
    with settled(home, policy) as connection:
        return _change(connection, "delete from held", keys)


def discard(home: Path, policy: Policy, keys: Sequence[str] | None = None) -> int:
    """CleverTap has them, or need not: they are never sent again."""
    with settled(home, policy) as connection:
        discarding = f"update held set reason = '{DISCARDED}', record = null"
        return _change(connection, discarding, keys)


def _change(
    connection: duckdb.DuckDBPyConnection, statement: str, keys: Sequence[str] | None
) -> int:
    wanted = "" if keys is None else " and list_contains($keys, key)"
    found = connection.execute(
        f"{statement} where reason = '{PARKED}'{wanted}",
        {} if keys is None else {"keys": list(keys)},
    ).fetchone()
    return int(found[0]) if found else 0
