"""SettledSnapshot knows whether CleverTap has all rows of a snapshot, so that none is compared.

It is known by a mark: of the file, of what the declaration means, and of all rows of the state. As
long as nobody has touched any of them, comparing would find every row unchanged.
"""

import hashlib
from pathlib import Path

import duckdb

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.state import state_database

_NAME = "settled"
_VERSION = "1"
"""Another one where a row that counted as unchanged may count as something else."""
_ROWS = "select count(*), bit_xor(h), sum(h) from (select hash(t) as h from {table} as t)"


def file_mark(valid: Path) -> str:
    """Another text if the file is another one, or was written since."""
    stat = valid.stat()
    return f"{stat.st_dev} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"


def note(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, file: str) -> None:
    """Notes that CleverTap has every row of the snapshot that had the mark `file` when it was read.

    Called once the outcomes are folded.
    """
    if _is_plain(request):
        state_database.put(connection, _NAME, _mark(request, file, _rows(connection)))


def settled_file(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> Path | None:
    """The snapshot of which CleverTap has every row: that of the request, or the one before it.

    None if it is not known of either.
    """
    noted = state_database.get(connection, _NAME) if _is_plain(request) else None
    if noted is None:
        return None
    rows = _rows(connection)
    files = [request.valid, *([request.changed.base] if request.changed else [])]
    there = (file for file in files if file.exists())
    return next((f for f in there if _mark(request, file_mark(f), rows) == noted), None)


def _is_plain(request: DeliveryRequest) -> bool:
    """Whether a row of the state decides alone what becomes of a row."""
    policy = request.policy
    plain = policy.object in ("profile", "event") and not (policy.looks or policy.narrows)
    return plain and not request.full and request.limit is None


def _rows(connection: duckdb.DuckDBPyConnection) -> str:
    """A text that is another one with any other row of the state."""
    tables = ("synced", "held")
    return str([connection.execute(_ROWS.format(table=name)).fetchall() for name in tables])


def _mark(request: DeliveryRequest, file: str, rows: str) -> str:
    policy = request.policy
    parts = [_VERSION, file, policy.object, policy.declaration, request.partition or "", rows]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
