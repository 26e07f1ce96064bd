"""Errors of DuckDB become ours: what speaks of the query is kept, what may quote data is not."""

import contextlib
import re
from collections.abc import Iterator

import duckdb

from ct_assets.errors import UserError, disk_trouble, hushed, lock_holder
from ct_assets.sources.duckdb_types import WHOLE

# Their texts speak of the query and the schema; those of all others may quote a cell.
_SAFE = (
    duckdb.ParserException,
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.PermissionException,
)
LEFT_OUT = "its own text is left out: it may quote values"
ONLY_READS = "must be one SELECT statement; it only reads"
TABLES_ONLY = "; a query reads the warehouse's tables only, declare a file with `file:`"


class QueryError(UserError):
    """A query, or the database it runs in, gives no rows."""


class WarehouseBusyError(QueryError):
    """Another process writes to the database; it may be free in a moment."""


@contextlib.contextmanager
def translated(label: str) -> Iterator[None]:
    """DuckDB's errors in the block as ours; `label` names the query or the file in them."""
    try:
        yield
    except duckdb.Error as error:
        kind = WarehouseBusyError if _busy(error) else QueryError
        message = f"{label}: {_reason(error)}"
        hushed(error)
        raise kind(message) from None


def _busy(error: duckdb.Error) -> bool:
    """Whether someone, of this process or another, has the database open for writing."""
    locked = isinstance(error, duckdb.IOException) and "lock" in str(error)
    return locked or "Unique file handle conflict" in str(error)


def _reason(error: duckdb.Error) -> str:
    if _busy(error):
        holder = lock_holder(error)
        return f"in use by {f'{holder}, which' if holder else 'a process that'} writes to it"
    if isinstance(error, _SAFE):
        return _without_excerpt(str(error)) + (TABLES_ONLY if _reads_file(error) else "")
    if isinstance(error, duckdb.IOException):
        return disk_trouble(error) or "cannot be read as a DuckDB database"
    if "read-only" in str(error):
        return ONLY_READS
    column = re.search(r"when casting from source column ([^\n]+)", str(error))
    if f"to {WHOLE}" in str(error):
        which = f"column {column[1]!r}" if column else "a column"
        as_text = "send it as text, with `cast(... as varchar)` in the query"
        return f"{which} has an integer of more than 38 digits; {as_text}"
    where = f" in column {column[1]}" if column else ""
    return (
        f"DuckDB could not compute the rows: {type(error).__name__}{where} "
        "(its own text is left out: it quotes values)"
    )


def _reads_file(error: duckdb.Error) -> bool:
    """DuckDB takes `from 'people.csv'` for a table once files are out of its reach."""
    path = re.match(r"Catalog Error: Table with name \S*[/.]\S* does not exist", str(error))
    return isinstance(error, duckdb.PermissionException) or path is not None


def _without_excerpt(text: str) -> str:
    message, _, excerpt = text.partition("\n\nLINE ")
    line = f" (line {excerpt.partition(':')[0]})" if excerpt else ""
    return " ".join(message.split()) + line
