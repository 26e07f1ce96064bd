"""DeclaredConnection finds the database of a connection, only once a source of it is read."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.connections.database import Database
from ct_assets.sources.connections.drivers import database_of


@dataclass(frozen=True)
class DeclaredConnection:
    spec: ConnectionSpec
    url: Callable[[], str] = field(repr=False)
    """Gives the URL, from the environment of the process that reads."""

    def database(self) -> Database:
        """The database; nothing is opened yet.

        Raises:
            UserError: Its URL is not set, or is none.
        """
        try:
            return database_of(self.spec, self.url())
        except UserError as error:
            raise type(error)(f"connection {self.spec.name}: {error}") from None
