"""MysqlErrors tells in our words what went wrong; the server's may quote rows and passwords."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ct_assets.errors import UserError, closest, hushed
from ct_assets.sources.connections.database import ConnectionFailedError
from ct_assets.sources.query_errors import LEFT_OUT, ONLY_READS, QueryError

if TYPE_CHECKING:
    from ct_assets.sources.connections.warehouses.mysql import Mysql

_TIMEOUT = "the server ended the query, since it took longer than it may (timeout_minutes)"
_BY_CODE: Mapping[int, str] = {
    1040: "the server has no free place for another connection",
    1044: "user {user!r} may not use database {database!r}",
    1045: "the password of user {user!r} is wrong, or there is no such user for this machine",
    1049: "there is no database {database!r} on {place}",
    1298: "the server does not know its time zone; load the server's tables of time zones, or "
    "leave time_zone out",
    1317: "the query was cancelled on the server",
    1365: "the query divides by zero",
    1698: "user {user!r} may not log in by a password",
    1792: ONLY_READS,
    1969: _TIMEOUT,
    2006: "the server ended the connection",
    2013: "the server ended the connection",
    3024: _TIMEOUT,
    3159: "the server wants an encrypted connection; write ?ssl=true behind the url",
}
_ABOUT_THE_QUERY = {1051, 1052, 1054, 1055, 1064, 1109, 1111, 1115, 1222, 1305, 1630, 1248}
"""Codes whose texts speak of the query and the schema; those of all others may quote a value."""
_MAY_NOT = {1142, 1143, 1370, 1227}


class MysqlErrors:
    def __init__(self, database: "Mysql", label: str) -> None:
        self._database = database
        self._label = label

    @contextlib.contextmanager
    def told(self, tables: Callable[[], Sequence[str]] = list) -> Iterator[None]:
        """Errors in the block as ours; of `tables`, the closest is named for one that is not."""
        try:
            yield
        except UserError as error:
            before = f"{self._label}: {self._database.name}: "
            text = str(error)
            raise type(error)(text if text.startswith(before) else f"{before}{text}") from None
        except Exception as error:
            code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
            text = str(error.args[1]) if len(error.args) > 1 else ""
            kind, message = self._reason(code, text, tables)
            hushed(error)
            message = self._database.url.without_secrets(message)
            raise kind(f"{self._label}: {self._database.name}: {message}") from None

    def _reason(
        self, code: int, text: str, tables: Callable[[], Sequence[str]]
    ) -> tuple[type[UserError], str]:
        url = self._database.url
        if code == 1146 and (found := re.search(r"Table '(.+)' doesn't exist", text)):
            return QueryError, f"there is no table {found[1]!r}{self._closest(found[1], tables)}"
        if code == 1060:
            name = re.search(r"'(.+)'", text)
            which = name[1] if name else ""
            return QueryError, f"two columns are called {which!r}; name them apart with `as`"
        if code in _ABOUT_THE_QUERY:
            return QueryError, " ".join(text.split())
        if code in _MAY_NOT:
            return (
                QueryError,
                f"user {url.user!r} may not read what the query names: grant select",
            )
        if code in _BY_CODE:
            known = {"user": url.user, "place": url.place, "database": url.database}
            return ConnectionFailedError, _BY_CODE[code].format(**known)
        if code in (2002, 2003, 2005):
            return ConnectionFailedError, self._not_there(text)
        named = f" (error {code})" if code else ""
        return ConnectionFailedError, f"the server could not give the rows{named}; {LEFT_OUT}"

    def _closest(self, table: str, tables: Callable[[], Sequence[str]]) -> str:
        with contextlib.suppress(Exception):
            return closest(table, list(tables()))
        return ""

    def _not_there(self, text: str) -> str:
        url = self._database.url
        if "Name or service not known" in text or "nodename nor servname" in text:
            return f"there is no host {url.host!r}"
        if "refused" in text:
            return f"nothing answers at {url.place}; is the server running, and is this its port?"
        return f"{url.place} does not answer"
