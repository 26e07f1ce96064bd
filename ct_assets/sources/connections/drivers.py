"""Drivers are installed as extras; a missing one is told with the command that installs it."""

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.connections.connection_url import ConnectionUrl
from ct_assets.sources.connections.database import ConnectionFailedError, Database

_HERE = "ct_assets.sources.connections.warehouses"


class Driver(NamedTuple):
    module: str
    """Of `warehouses`, with the class behind a dot."""


DRIVERS: Mapping[str, Driver] = {
    "postgresql": Driver("postgres.Postgres"),
    "postgres": Driver("postgres.Postgres"),
}
"""By the scheme of the URL."""


def database_of(spec: ConnectionSpec, url: str) -> Database:
    """The database of a URL; nothing is opened.

    Raises:
        UrlError: It is no URL of a database that is known.
    """
    parsed = ConnectionUrl.of(url, DRIVERS)
    module, _, name = DRIVERS[parsed.kind].module.partition(".")
    kind: type[Database] = getattr(importlib.import_module(f"{_HERE}.{module}"), name)
    return kind(spec, parsed)


def driver(module: str, extra: str) -> ModuleType:
    """The module of a driver.

    Raises:
        ConnectionFailedError: It is not installed; the message has the command.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ConnectionFailedError(
            f"its driver is not installed ({error.name or module}): pip install "
            f"'ct-assets[{extra}]'"
        ) from None
