"""A report's memory is what the state can be rebuilt from, beside the outcomes that people read.

Most reports need no further column for it: of an event its key is enough, and of a profile that
does no harm when it is sent again, what the last whole delivery kept.
"""

# ruff: noqa: S608 -- statements are put together from names of ours

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb

from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.outbox import OutboxOrigin
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.scratch_tables import RECORD_OUTCOMES
from ct_assets.delivery.state.state_database import scalar
from ct_assets.delivery.state.witness import FORMER, OTHER, RESTORED, UNKNOWN_UNTIL
from ct_assets.sql import literal

_TESTS = {
    "action": "action <> 'upsert'",
    "replaces": "replaces is not null",
    "also": "also is not null",
}
"""Columns of `RECORD_OUTCOMES` that are kept where a row needs them."""

_OF_THE_FILE = ("id", "version", "hash", "home", "keys", "begun", "folded", RESTORED, UNKNOWN_UNTIL)
"""Entries of the state's meta that say which file it is, and not what it knows.

Nor is it told which other syncs' rows were taken over: no report of this one has them.
"""


def columns(connection: duckdb.DuckDBPyConnection, policy: Policy) -> dict[str, str]:
    """Columns of `RECORD_OUTCOMES`, by their names in the report, which begin with `_`."""
    kept = [name for name, test in _TESTS.items() if _some(connection, test)]
    if policy.object == "profile" and policy.counts_twice:
        kept += ["fingerprint", "fields"]
    return {f"_{name}": name for name in kept}


def _some(connection: duckdb.DuckDBPyConnection, test: str) -> bool:
    query = f"select count(*) from (from {RECORD_OUTCOMES} where {test} limit 1)"
    return scalar(connection, query) > 0


def metadata(connection: duckdb.DuckDBPyConnection, home: Path, origin: OutboxOrigin) -> str:
    """SQL of all that is known of the delivery, and of the state beside its rows."""
    meta = dict(connection.execute("from meta order by name").fetchall())
    names = connection.execute("select name from fields order by position").fetchall()
    kept = {
        name: value
        for name, value in meta.items()
        if name not in _OF_THE_FILE and not name.startswith((FORMER, OTHER))
    }
    facts: Mapping[str, str] = {
        "state_id": state_database.get(connection, "id") or "",
        "delivery": str(origin.delivery),
        "home": f"{home.parent.name}/{home.name}",
        "at": origin.at or "",
        "declaration": origin.declaration,
        "partition": origin.partition or "",
        "meta": json.dumps(kept),
        "fields": json.dumps([name for (name,) in names]),
    }
    return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in facts.items())}}}"
