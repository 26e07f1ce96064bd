"""DriverErrors tells errors of a driver in our words, behind the names of source and connection."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol

from ct_assets.errors import UserError, hushed
from ct_assets.sources.connections.connection_url import ConnectionUrl


class NamedDatabase(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def url(self) -> ConnectionUrl: ...


Reason = tuple[type[UserError], str]


class DriverErrors:
    def __init__(self, database: NamedDatabase, label: str) -> None:
        self._database = database
        self._label = label

    @property
    def before(self) -> str:
        return f"{self._label}: {self._database.name}"

    @contextlib.contextmanager
    def _told(self, reason: Callable[[Exception], Reason]) -> Iterator[None]:
        """Errors in the block as ours; `reason` gives a class and words for those of the driver."""
        try:
            yield
        except UserError as error:
            text = str(error)
            named = text if text.startswith(self.before) else f"{self.before}: {text}"
            raise type(error)(named) from None
        except Exception as error:
            kind, message = reason(error)
            hushed(error)
            message = self._database.url.without_secrets(message)
            raise kind(f"{self.before}: {message}") from None
