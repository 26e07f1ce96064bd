"""StoreSettings name the Postgres and the bucket that hosts share; without them files are local."""

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, unquote, urlsplit

from ct_assets.errors import UserError
from ct_assets.store.bucket import SCHEMES

DATABASE_URL, STORE_URL, CACHE_GB = "CT_DATABASE_URL", "CT_STORE_URL", "CT_CACHE_GB"
POSTGRES = ("postgres", "postgresql")
DEFAULT_CACHE_GB = 20.0


class StoreError(UserError):
    """The shared store is not set up right, or does not answer."""


@dataclass(frozen=True)
class StoreSettings:
    database_url: str = field(repr=False)
    """With its password: it is in no text."""
    store_url: str
    """Of a bucket and a folder in it, or the path of a folder that hosts share."""
    cache_gb: float = DEFAULT_CACHE_GB
    """Of local copies of staged files on each disk, at most; 1 GB is 10^9 bytes."""

    @classmethod
    def of(
        cls, database_url: str, store_url: str, cache_gb: str | float = ""
    ) -> "StoreSettings | None":
        """The settings of both URLs; None if both are empty, and all is kept in local files.

        Raises:
            StoreError: One of them is missing, or one is not what it should be.
        """
        if not database_url and not store_url:
            return None
        if not database_url or not store_url:
            is_set, lacking = (
                (DATABASE_URL, STORE_URL) if database_url else (STORE_URL, DATABASE_URL)
            )
            raise StoreError(
                f"{is_set} is set and {lacking} is not: hosts that share state need both, the "
                "database for locks and the ledger, the store for files"
            )
        _check_database(database_url)
        return cls(database_url, _location(store_url), _gigabytes(cache_gb))

    @property
    def database(self) -> str:
        """Host, port and name, as texts may tell them."""
        url = urlsplit(self.database_url)
        host = url.hostname or parse_qs(url.query).get("host", ["localhost"])[0]
        port = f":{url.port}" if url.port else ""
        return f"{unquote(host)}{port}{unquote(url.path) if url.path != '/' else ''}"

    @property
    def cache_bytes(self) -> int:
        return int(self.cache_gb * 10**9)


def of_environment(environ: Mapping[str, str] = os.environ) -> StoreSettings | None:
    """The settings of CT_DATABASE_URL, CT_STORE_URL and CT_CACHE_GB.

    Raises:
        StoreError: See `StoreSettings.of`.
    """
    database, store = environ.get(DATABASE_URL, ""), environ.get(STORE_URL, "")
    return StoreSettings.of(database, store, environ.get(CACHE_GB, ""))


_named: Callable[[], StoreSettings | None] = of_environment


def use(settings: Callable[[], StoreSettings | None] = of_environment) -> None:
    """Has this process take its settings from there, as from the resource of a project.

    They are asked for when they are needed: a variable that is missing stops what needs it, and
    not the loading of definitions.
    """
    global _named
    _named = settings


def shared_store() -> StoreSettings | None:
    """The store that this process shares with others; None if all its files are local.

    Raises:
        StoreError: Its settings are wrong.
    """
    return _named()


def driver(module: str) -> ModuleType:
    """A module of the extra `store`.

    Raises:
        StoreError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise StoreError(
            f"{DATABASE_URL} and {STORE_URL} are set, and {error.name or module} is not installed: "
            "pip install 'ct-assets[store]'"
        ) from None


def _check_database(url: str) -> None:
    try:
        parts = urlsplit(url)
        scheme, _ = parts.scheme, parts.port
        if "@" in "".join(parts[2:]):  # a part of the password, where its / or # cut it off
            scheme = ""
    except ValueError:  # its own text may quote the password
        scheme = ""
    if scheme.partition("+")[0] not in POSTGRES or "+" in scheme:
        raise StoreError(
            f"{DATABASE_URL} is no URL of a Postgres: write "
            "postgresql://user:password@host/database (its password with % codes "
            "for signs such as @, / and #)"
        )


def _location(url: str) -> str:
    scheme, is_url, rest = url.partition("://")
    if not is_url or scheme == "file":
        folder = Path(unquote(rest) if is_url else url)
        if not folder.is_absolute():
            raise StoreError(
                f"{STORE_URL}={url} is relative; write the folder that hosts share in full"
            )
        return str(folder)
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in (*SCHEMES, "file"))
        raise StoreError(f"{STORE_URL} has the scheme {scheme!r}; it takes {known} or a folder")
    if "@" in rest.partition("/")[0] or "?" in rest:
        raise StoreError(
            f"{STORE_URL} has more in it than a bucket and a folder; credentials are taken from "
            "the environment, as the cloud's own tools do"
        )
    if not rest.partition("/")[0]:
        raise StoreError(f"{STORE_URL}={url} names no bucket")
    return url.rstrip("/")


def _gigabytes(value: str | float) -> float:
    try:
        size = float(value) if value != "" else DEFAULT_CACHE_GB
    except ValueError:
        size = -1
    if not 0 <= size < float("inf"):
        raise StoreError(f"{CACHE_GB}={value} is no size; write a number of gigabytes, such as 20")
    return size
