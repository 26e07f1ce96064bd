"""Checks the database and the bucket that hosts share, if there are any."""

from collections.abc import Iterator

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, ok
from ct_assets.store.places import unprobed
from ct_assets.store.postgres.store_session import StoreSession
from ct_assets.store.store_settings import (
    DATABASE_URL,
    STORE_URL,
    StoreError,
    StoreSettings,
    shared_store,
)


def store() -> Iterator[Diagnosis]:
    try:
        settings = shared_store()
    except StoreError as error:
        yield failed("shared store", error, f"Set both {DATABASE_URL} and {STORE_URL}, or neither.")
        return
    if settings is not None:
        yield _database(settings)
        yield _objects(settings)


def _database(settings: StoreSettings) -> Diagnosis:
    """Opens a session as deliveries do, which refuses a pooler and a version that is not fit."""
    try:
        with StoreSession(settings) as session:
            ((version,),) = session.rows("select current_setting('server_version')")
    except StoreError as error:
        fix = f"Correct {DATABASE_URL}, or the server that it names; nothing is sent without it."
        return failed("store database", error, fix)
    return ok("store database", f"{settings.database}, Postgres {version}")


def _objects(settings: StoreSettings) -> Diagnosis:
    """Makes an object, reads it and removes it."""
    try:
        unprobed(settings.store_url).probe()
    except StoreError as error:
        fix = f"Correct {STORE_URL}, or what these credentials may do; nothing is sent without it."
        return failed("store files", error, fix)
    return ok("store files", f"{settings.store_url} is writable, and makes no object twice")
