"""DatabricksErrors tells in our words what went wrong; the server's may quote rows and tokens."""

import contextlib
import re
from collections.abc import Mapping

from ct_assets.errors import UserError
from ct_assets.sources.connections.database import ConnectionFailedError
from ct_assets.sources.connections.driver_errors import DriverErrors
from ct_assets.sources.query_errors import LEFT_OUT, QueryError

_ABOUT_THE_QUERY = re.compile(
    r"\[((?:TABLE_OR_VIEW_NOT_FOUND|UNRESOLVED_\w+|PARSE_SYNTAX_ERROR|SCHEMA_NOT_FOUND"
    r"|NO_SUCH_CATALOG_EXCEPTION|AMBIGUOUS_\w+|DATATYPE_MISMATCH|MISSING_AGGREGATION"
    r"|COLUMN_NOT_FOUND)[\w.]*)\] ([^\n]*?)(?: SQLSTATE|;|\n|$)"
)
"""Classes of errors whose texts speak of the query and the schema; all others may quote a value."""
_MAY_NOT = "the token may not read what the query names: grant select, use schema and use catalog"
_BY_WORDS: Mapping[str, str] = {
    "INSUFFICIENT_PERMISSIONS": _MAY_NOT,
    "PERMISSION_DENIED": _MAY_NOT,
    "timed out": "the server ended the query, since it took longer than it may (timeout_minutes)",
    "QUERY_EXECUTION_TIMEOUT": "the server ended the query, since it took longer than it may "
    "(timeout_minutes)",
    "cancel": "the query was cancelled on the server",
}


class DatabricksErrors(DriverErrors):
    def told(self, *, of_query: bool = False) -> contextlib.AbstractContextManager[None]:
        """Errors in the block as ours; `of_query`, where no row was read yet."""
        return self._told(lambda error: self._reason(error, of_query=of_query))

    def _reason(self, error: Exception, *, of_query: bool) -> tuple[type[UserError], str]:
        text, host = str(error), self._database.url.host
        found = _ABOUT_THE_QUERY.search(text) if of_query else None
        if found:
            return QueryError, found[2]
        for words, message in _BY_WORDS.items():
            if words.lower() in text.lower():
                return ConnectionFailedError, message
        status = getattr(error, "context", None) or {}
        code = str(status.get("http-code", "")) if isinstance(status, dict) else ""
        if code in ("401", "403") or "Invalid access token" in text:
            return ConnectionFailedError, "Databricks does not accept the token of the url"
        if code == "404":
            return ConnectionFailedError, "there is no SQL warehouse at the http_path of the url"
        if type(error).__name__ in ("RequestError", "MaxRetryDurationError", "OperationalError"):
            return ConnectionFailedError, f"{host!r} does not answer; is its name right?"
        named = type(error).__name__
        return ConnectionFailedError, f"the server could not give the rows ({named}); {LEFT_OUT}"
