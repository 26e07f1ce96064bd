"""PlanDigest is a short text that is the same for two plans only if they send the same records."""

# ruff: noqa: S608 -- statements are put together from names of ours

import hashlib

import duckdb

from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.state.scratch_tables import OUTGOING


def plan_digest(connection: duckdb.DuckDBPyConnection, leaving: str, policy: Policy) -> str:
    """Of the records that leave, in whatever order, and of the declaration by which they do.

    `leaving` is SQL of them, in the columns of `OUTGOING`: also of those that clear a profile,
    delete it, or take it off a list. They are hashed whole, so nothing of a person can be read.
    """
    known = (policy.declaration, policy.object, policy.on_removed, policy.custom_list)
    declared = hashlib.sha256(repr(known).encode()).hexdigest()[:16]
    text = "concat_ws(':', action, kind, key, record)"
    hashes = f"select md5_number_lower({text}) as hash from ({OUTGOING.typed(leaving)})"
    sums = connection.execute(
        f"select count(*), coalesce(bit_xor(hash), 0), coalesce(sum(hash::hugeint), 0)"
        f" from ({hashes})"
    ).fetchone()
    return "-".join((declared, *(f"{number:x}" for number in sums or ())))
