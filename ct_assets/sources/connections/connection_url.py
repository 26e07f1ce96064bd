"""ConnectionUrl takes a URL of a database apart, and keeps its secrets out of texts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from ct_assets.errors import UserError, closest

HOW = "Write kind://user:password@host:port/database, with the signs @ : / # ? % in a password as %"
_SECRET = re.compile(r"pass|pwd|secret|token|key|credential|auth", re.IGNORECASE)


class UrlError(UserError):
    """It is no URL of a database; the message does not quote it."""


@dataclass(frozen=True)
class ConnectionUrl:
    kind: str
    """The scheme without a driver: `mysql` of `mysql+pymysql://`."""
    text: str = field(repr=False)
    parts: SplitResult = field(repr=False)

    @staticmethod
    def of(text: str, kinds: Mapping[str, object]) -> "ConnectionUrl":
        """The URL `text`, of one of these kinds.

        Raises:
            UrlError: It is none.
        """
        text = text.strip()
        scheme, sign, rest = text.partition(":")
        kind = scheme.partition("+")[0].lower()
        if not sign or not re.fullmatch(r"[a-z]\w*", kind):
            raise UrlError(f"its url does not begin with the kind of the database. {HOW}xx.")
        if kind not in kinds:
            hint = closest(kind, list(kinds)) or f"; known are {', '.join(kinds)}"
            raise UrlError(f"its url is of the kind {kind!r}, which is not known{hint}")
        try:
            parts = urlsplit(f"{kind}:{rest}")
            whole = parts.port != 0 and not parts.fragment and "@" not in parts.path
        except ValueError:
            whole = False
        if not whole or ("@" in parts.query and "@" not in parts.netloc):
            raise UrlError(f"its url cannot be read. {HOW}xx.")  # a password may be cut in two
        return ConnectionUrl(kind, f"{kind}:{rest}", parts)

    @property
    def host(self) -> str:
        return self.parts.hostname or "localhost"

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.parts.port}" if self.parts.port else self.host

    @property
    def user(self) -> str:
        return unquote(self.parts.username or "")

    @property
    def password(self) -> str:
        return unquote(self.parts.password or "")

    @property
    def database(self) -> str:
        return unquote(self.parts.path.lstrip("/"))

    @property
    def file(self) -> str:
        """Of `kind:///file`, or of `kind:////file` from the root."""
        return unquote(self.parts.path.removeprefix("/"))

    @property
    def options(self) -> Mapping[str, str]:
        return dict(parse_qsl(self.parts.query, keep_blank_values=True))

    def without_secrets(self, text: str) -> str:
        """`text` with `***` wherever it has the password, or another secret of the URL."""
        secrets = {self.text, self.parts.password or "", self.password}
        secrets |= {value for name, value in self.options.items() if _SECRET.search(name)}
        for secret in sorted(secrets, key=len, reverse=True):
            if secret:
                text = text.replace(secret, "***")
        return text
