"""SnowflakeErrors tells in our words what went wrong; the server's may quote rows and passwords."""

import contextlib
import re
from collections.abc import Mapping

from ct_assets.errors import UserError
from ct_assets.sources.connections.database import ConnectionFailedError
from ct_assets.sources.connections.driver_errors import DriverErrors
from ct_assets.sources.query_errors import LEFT_OUT, QueryError

_BY_CODE: Mapping[int, str] = {
    604: "the query was cancelled on the server",
    606: "there is no virtual warehouse for the session; write ?warehouse=NAME behind the url",
    630: "the server ended the query, since it took longer than it may (timeout_minutes)",
    390100: "the password of user {user!r} is wrong, or there is no such user",
    390144: "the key of user {user!r} is not accepted",
    390201: "the warehouse, database or role of the url is not there, or not for user {user!r}",
    390189: "user {user!r} has not the role that the url names",
    390422: "the account lets user {user!r} not in from this machine (network policy)",
    390432: "the account lets user {user!r} not in from this machine (network policy)",
    260008: "account {host!r} does not answer; is its name right?",
    261004: "account {host!r} does not answer; is its name right?",
}
_ABOUT_THE_QUERY = {904, 1003, 2003, 2043, 3001}
"""Codes whose texts speak of the query and the schema; those of all others may quote a value."""


class SnowflakeErrors(DriverErrors):
    def told(self) -> contextlib.AbstractContextManager[None]:
        return self._told(
            lambda error: self._reason(str(error), getattr(error, "vendor_code", None))
        )

    def _reason(self, text: str, code: int | None) -> tuple[type[UserError], str]:
        url = self._database.url
        if not code:
            found = re.search(r"\b(\d{6}) \(\w{5}\)", text)
            code = int(found[1]) if found else 0
        if code in _ABOUT_THE_QUERY:
            return QueryError, _first_sentence(text)
        if code in _BY_CODE:
            return ConnectionFailedError, _BY_CODE[code].format(user=url.user, host=url.host)
        if re.search("no such host|connection refused|timeout|dial tcp", text, re.IGNORECASE):
            return (
                ConnectionFailedError,
                f"account {url.host!r} does not answer; is its name right?",
            )
        named = f" (code {code:06})" if code else ""
        return ConnectionFailedError, f"the server could not give the rows{named}; {LEFT_OUT}"


def _first_sentence(text: str) -> str:
    """Without the driver's words and codes before it, and the excerpt of the query behind it."""
    said = re.sub(r"^\w+: \[Snowflake\] |\d{6} \(\w{5}\): ", "", text)
    return " ".join(re.split(r"\n\n|\. Vendor code", said)[0].split())
