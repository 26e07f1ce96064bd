"""PlanDigest is a short text that is the same for two plans only if they send the same records."""

# ruff: noqa: S608 -- statements are put together from names of ours

import duckdb

from ct_assets.delivery.state.scratch_tables import NUMBERED, REMOVALS


def plan_digest(connection: duckdb.DuckDBPyConnection) -> str:
    """Of the records that leave, in whatever order, and of the people who are removed.

    Fingerprints are hashes of whole records, so nothing of a person can be read from it.
    """
    sent = f"select fingerprint as hash from {NUMBERED} where batch is not null"
    removed = f"select md5_number_lower(kind || ':' || key) as hash from {REMOVALS}"
    counted = "select count(*), coalesce(bit_xor(hash), 0), coalesce(sum(hash::hugeint), 0) from"
    sums = [connection.execute(f"{counted} ({rows})").fetchone() or () for rows in (sent, removed)]
    return "-".join(f"{number:x}" for row in sums for number in row)
