"""What happens to the database of a shared store, as an administrator of it would do."""

from typing import Any

import psycopg

from ct_assets.store.store_settings import StoreSettings


def run(settings: StoreSettings, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []


def end_sessions(settings: StoreSettings) -> int:
    """Ends all sessions but its own, and waits until they have ended."""
    return len(
        run(
            settings,
            "select pg_terminate_backend(pid, 60000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()",
        )
    )


def keep(settings: StoreSettings) -> None:
    """As a backup of the database does."""
    run(settings, "drop schema if exists kept cascade")
    run(settings, "create schema kept")
    for table in ("syncs", "journal", "replaced"):
        run(settings, f"create table kept.{table} as table ct_assets.{table}")


def set_back(settings: StoreSettings) -> None:
    """Brings back what `keep` kept."""
    for table in ("syncs", "journal", "replaced"):
        run(settings, f"truncate ct_assets.{table}")
        run(settings, f"insert into ct_assets.{table} table kept.{table}")
