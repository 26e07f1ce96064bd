"""BigqueryErrors tells in our words what went wrong; the server's may quote rows and keys."""

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence

from ct_assets.errors import UserError, closest
from ct_assets.sources.connections.database import ConnectionFailedError
from ct_assets.sources.connections.driver_errors import DriverErrors
from ct_assets.sources.query_errors import LEFT_OUT, QueryError

_BY_REASON: Mapping[str, str] = {
    "stopped": "the query was cancelled on the server",
    "timeout": "the server ended the query, since it took longer than it may (timeout_minutes)",
    "bytesBilledLimitExceeded": "the query would read more bytes than may be billed",
    "quotaExceeded": "the project has used up its quota of BigQuery",
    "rateLimitExceeded": "the project asks BigQuery too often; run it again later",
    "resourcesExceeded": "the query needs more than BigQuery gives one query",
    "responseTooLarge": "the query gives more rows than BigQuery keeps as a result",
}
_BY_KIND: Mapping[str, str] = {
    "DefaultCredentialsError": "no credentials are in the environment, and its url names no "
    "credentials_path",
    "RefreshError": "Google does not accept the credentials",
    "MalformedError": "its credentials are no key of Google",
    "FileNotFoundError": "there is no file at its credentials_path",
    "Unauthorized": "Google does not accept the credentials",
    "RetryError": "BigQuery does not answer",
    "ConnectionError": "BigQuery does not answer; is it in reach of this machine?",
}
_MAY_NOT = (
    "the credentials may not read all that the query names, or not run jobs in the project: grant "
    "BigQuery Data Viewer, Job User and Read Session User"
)


class BigqueryErrors(DriverErrors):
    def told(
        self, tables: Callable[[], Sequence[str]] = list, *, of_query: bool = False
    ) -> contextlib.AbstractContextManager[None]:
        """Errors in the block as ours.

        Args:
            tables: Of these the closest is named for one that is not there.
            of_query: Whether no row was read, so that a text can quote the query alone.
        """
        return self._told(lambda error: self._reason(error, tables, of_query=of_query))

    def _reason(
        self, error: Exception, tables: Callable[[], Sequence[str]], *, of_query: bool
    ) -> tuple[type[UserError], str]:
        kind, text = type(error).__name__, str(getattr(error, "message", ""))
        reasons = [each.get("reason", "") for each in getattr(error, "errors", None) or ()]
        if kind == "NotFound":
            found = re.search(r"Not found: (\w+) ([\w:.-]+)", text)
            missing = found[2].replace(":", ".") if found else ""
            what = f"{found[1].lower()} {missing!r}" if found else "such table or dataset"
            return QueryError, f"there is no {what}{self._closest(missing, tables)}"
        if kind == "Forbidden" and not set(reasons) & set(_BY_REASON):
            return ConnectionFailedError, _MAY_NOT
        for reason in reasons:
            if reason in _BY_REASON:
                return ConnectionFailedError, _BY_REASON[reason]
        if kind == "BadRequest" and of_query:
            said = re.sub(r"^.*?: (?=\S)", "", text) if "://" in text else text
            return QueryError, " ".join(said.split())
        if kind in _BY_KIND:
            return ConnectionFailedError, _BY_KIND[kind]
        return ConnectionFailedError, f"BigQuery could not give the rows ({kind}); {LEFT_OUT}"

    def _closest(self, table: str, tables: Callable[[], Sequence[str]]) -> str:
        with contextlib.suppress(Exception):
            return closest(table.partition(".")[2], list(tables()))
        return ""
