"""PostgresErrors tells in our words what went wrong; the server's may quote rows and passwords."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ct_assets.errors import UserError, hushed
from ct_assets.sources.connections.database import Column, ConnectionFailedError
from ct_assets.sources.connections.repeated_names import check_names
from ct_assets.sources.query_errors import LEFT_OUT, ONLY_READS, QueryError

if TYPE_CHECKING:
    from ct_assets.sources.connections.warehouses.postgres import Postgres

_TIMEOUT = (
    "the server ended the query, since it took longer than it may (timeout_minutes of the "
    "connection, or statement_timeout of the server)"
)
# By words of the message, for errors that come without a code: of libpq, and amid the rows.
_SAID: Mapping[str, str] = {
    "statement timeout": _TIMEOUT,
    "due to user request": "the query was cancelled on the server",
    "terminating connection": "the server ended the connection",
    "server closed the connection": "the server ended the connection",
    "connection not open": "the server ended the connection",
    "conflict with recovery": "the standby ended the query, which held up its recovery; run it "
    "again, or read the primary",
    "division by zero": "the query divides by zero",
    "read-only transaction": ONLY_READS,
    "invalid input syntax": f"a value is not of the type that the query casts it to; {LEFT_OUT}",
    "permission denied": "the user may not read all that the query names",
}
# Of libpq, while it connects; what it says of the password is not for others.
_AT_THE_DOOR: Mapping[str, str] = {
    "password authentication failed": "the password of user {user!r} is wrong, or there is no such "
    "user",
    "no password supplied": "the url has no password for user {user!r}",
    "no pg_hba.conf entry": "the server lets user {user!r} not in from this machine, or only with "
    "sslmode=require",
    "is not permitted to log in": "user {user!r} may not log in",
    "permission denied for database": "user {user!r} may not connect to database {database!r}",
    "could not translate host name": "there is no host {host!r}",
    "connection refused": "nothing answers at {place}; is the server running, and is this its "
    "port?",
    "timeout expired": "{place} does not answer",
    "timed out": "{place} does not answer",
    "network is unreachable": "{place} cannot be reached from this machine",
    "no route to host": "{place} cannot be reached from this machine",
    "too many": "the server has no free place for another connection",
    "remaining connection slots": "the server has no free place for another connection",
    "starting up": "the server is starting up",
    "shutting down": "the server is shutting down",
    "certificate": "the certificate of {place} is not accepted; look at sslrootcert in the url",
    "ssl": "no encrypted connection to {place} can be made; look at sslmode in the url",
    "does not exist": "there is no {missing} on {place}",
}


def missing(error: BaseException) -> str | None:
    """The table that a query names and the database has not."""
    if getattr(error, "sqlstate", None) != "42P01":
        return None
    found = re.search(r'relation "(.+)" does not exist', _primary(error))
    return found[1] if found else None


class PostgresErrors:
    def __init__(self, database: "Postgres", label: str) -> None:
        self._database = database
        self._label = label

    @contextlib.contextmanager
    def told(self, hint: Callable[[BaseException], str] = lambda _: "") -> Iterator[None]:
        """Errors in the block as ours; `hint` adds what may have been meant."""
        try:
            yield
        except ConnectionFailedError as error:
            raise ConnectionFailedError(self._named(str(error))) from None
        except UserError as error:
            raise type(error)(self._named(str(error))) from None
        except Exception as error:
            kind, message = self._reason(error)
            message += hint(error)
            hushed(error)
            raise kind(self._named(self._database.url.without_secrets(message))) from None

    def check_names(self, columns: Sequence[Column]) -> None:
        check_names((column.name for column in columns), f"{self._label}: {self._database.name}")

    def _named(self, message: str) -> str:
        before = f"{self._label}: {self._database.name}: "
        return message if message.startswith(before) else f"{before}{message}"

    def _reason(self, error: BaseException) -> tuple[type[UserError], str]:
        state, text = str(getattr(error, "sqlstate", None) or ""), str(error)
        if state == "25006":
            return QueryError, ONLY_READS
        if state == "42501":
            return QueryError, f"{_primary(error)}; let user {self._user} read it: grant select"
        if state.startswith("42"):
            return QueryError, _about_the_query(error)
        if "Failed to connect" in text:
            return ConnectionFailedError, self._at_the_door(text)
        for words, told in _SAID.items():
            if words in text:
                return ConnectionFailedError, told
        code = f" (SQLSTATE {state})" if state else ""
        return ConnectionFailedError, f"the server could not give the rows{code}; {LEFT_OUT}"

    def _at_the_door(self, text: str) -> str:
        url, lower = self._database.url, text.lower()
        missing = f"database {url.database!r}" if "database" in lower else f"role {url.user!r}"
        known = {"user": url.user, "place": url.place, "host": url.host, "missing": missing}
        for words, told in _AT_THE_DOOR.items():
            if words in lower:
                return told.format(**known, database=url.database)
        return (
            f"{url.place} cannot be reached; its url is not as libpq wants it, or the server is not"
        )

    @property
    def _user(self) -> str:
        return self._database.url.user


def _primary(error: BaseException) -> str:
    return _detail(error, b"PG_DIAG_MESSAGE_PRIMARY")


def _detail(error: BaseException, name: bytes) -> str:
    details: Sequence[tuple[bytes, bytes]] = getattr(error, "details", None) or ()
    return next((value for key, value in details if key == name), b"").decode(errors="replace")


def _about_the_query(error: BaseException) -> str:
    hint = _detail(error, b"PG_DIAG_MESSAGE_HINT")
    return f"{_primary(error)}. {hint}".rstrip(". ") if hint else _primary(error)
