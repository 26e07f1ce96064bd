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
        state_database.put(connection, _NAME, _mark(connection, request, file))


def is_settled(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> bool:
    """Whether CleverTap has every row of the request, as it stands in the snapshot."""
    noted = state_database.get(connection, _NAME) if _is_plain(request) else None
    return noted is not None and noted == _mark(connection, request, file_mark(request.valid))


def _is_plain(request: DeliveryRequest) -> bool:
    """Whether a row of the state decides alone what becomes of a row."""
    policy = request.policy
    plain = policy.object in ("profile", "event") and not (policy.looks or policy.narrows)
    return plain and not request.full and request.limit is None


def _mark(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest, file: str) -> str:
    policy = request.policy
    rows = [
        connection.execute(_ROWS.format(table=table)).fetchall() for table in ("synced", "held")
    ]
    parts = [_VERSION, file, policy.object, policy.declaration, request.partition or "", rows]
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
