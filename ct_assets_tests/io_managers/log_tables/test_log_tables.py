from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from ct_assets.delivery.delivery_request import LogPolicy
from ct_assets.delivery.settlement import log_files
from ct_assets.errors import UserError
from ct_assets.io_managers.log_tables import log_connection
from ct_assets.io_managers.log_tables.log_connection import log_table
from ct_assets.io_managers.log_tables.log_table import COLUMNS, take_in
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets_tests.delivery.conftest import profiles
from ct_assets_tests.delivery.kit import NOW, Sync, profile
from ct_assets_tests.delivery.settlement.twelve_deliveries import delivered_twelve_times
from ct_assets_tests.sources.connections.postgres_server import PostgresServer

pytestmark = pytest.mark.sampled(3)

__all__ = ["profiles"]

TABLE = "ct.customers_log"
Rows = Callable[[str], list[tuple[Any, ...]]]


def connection(url: str) -> DeclaredConnection:
    return DeclaredConnection(parse({"name": "shop", "url": url}), lambda: url)


@pytest.fixture
def logged(profiles: Sync) -> Sync:
    profiles.policy_with(log=LogPolicy(values=True), on_removed="clear", max_removed=1.0)
    profiles.run([profile("1", Name="Ada"), profile("2", Name="Zoë")])
    profiles.run([profile("1", Name="Augusta"), profile("3", Email="nobody")])
    return profiles


@pytest.fixture(params=["duckdb", "postgres"])
def shop(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[DeclaredConnection, Rows]]:
    if request.param == "duckdb":
        file = tmp_path / "shop.duckdb"

        def of_file(query: str) -> list[tuple[Any, ...]]:
            with duckdb.connect(file, read_only=True) as opened:
                return opened.execute(query).fetchall()

        yield connection(f"duckdb:///{file}"), of_file
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        yield connection(server.url()), server.rows
        server.run("drop schema ct cascade")


def taken(shop: DeclaredConnection, sync: Sync, **options: Any) -> int:
    with log_table(shop, TABLE, "the log of customers") as table:
        names = sync.home.name, sync.home.parent.name
        return take_in(table, log_files.files(sync.home), *names, **options)


def test_a_table_has_every_row_of_the_files_once(
    logged: Sync, shop: tuple[DeclaredConnection, Rows]
) -> None:
    connected, rows = shop

    assert [taken(connected, logged) for _ in range(2)] == [2, 0]
    logged.run([profile("1", Name="Ada Augusta"), profile("3", Email="nobody")])
    assert taken(connected, logged) == 1

    selected = ", ".join(name for name in COLUMNS if name not in ("began_at", "sent_at"))
    files = pl.concat([pl.read_parquet(file) for file in log_files.files(logged.home)])
    kept = files.select(selected.split(", ")).rows()
    found = rows(f"select {selected} from {TABLE}")
    assert sorted(map(str, map(_comparable, found))) == sorted(map(str, map(_comparable, kept)))
    assert rows(f"select count(*) from {TABLE} where began_at is null or sent_at is null") == [(1,)]


def _comparable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in row)


def test_a_table_sums_to_the_accounts_of_twelve_deliveries(
    profiles: Sync, shop: tuple[DeclaredConnection, Rows]
) -> None:
    profiles.policy_with(log=LogPolicy())
    accounts = delivered_twelve_times(profiles)
    connected, rows = shop

    assert taken(connected, profiles) == 12

    counted = rows(f"select delivery, outcome, count(*) from {TABLE} group by 1, 2")
    assert sorted(counted) == sorted(
        (delivery, outcome, n) for delivery, each in accounts.items() for outcome, n in each.items()
    )


def test_a_delivery_that_was_taken_in_partly_is_taken_in_again(
    logged: Sync, shop: tuple[DeclaredConnection, Rows]
) -> None:
    connected, rows = shop
    taken(connected, logged)
    with log_table(connected, TABLE, "the log of customers") as table:
        table.delete("key = '1' and delivery = 2")

    assert taken(connected, logged) == 1

    counted = f"select delivery, count(*) from {TABLE} group by 1 order by 1"
    assert rows(counted) == [(1, 2), (2, 3)]


def test_the_erased_and_the_old_are_removed_and_others_stay(
    logged: Sync, shop: tuple[DeclaredConnection, Rows]
) -> None:
    connected, rows = shop
    taken(connected, logged)
    for file in log_files.files(logged.home):
        kept = pl.read_parquet(file).filter(pl.col("identity") != "1")
        other = kept.with_columns(pl.lit("orders").alias("sync"))
        kept.write_parquet(file)
        other.write_parquet(logged.folder / f"other-{file.name}")
    with log_table(connected, TABLE, "the log of orders") as table:
        others = sorted(logged.folder.glob("other-*"))
        take_in(table, others, "orders", logged.home.parent.name)

    assert taken(connected, logged, erased={"1"}) == 0
    by_sync = f"select sync, count(*) from {TABLE} group by 1 order by 1"
    assert rows(by_sync) == [("customers", 3), ("orders", 3)]

    assert taken(connected, logged, before=NOW + timedelta(days=1)) == 0
    assert rows(by_sync) == [("orders", 3)]


def test_a_database_of_another_kind_is_refused() -> None:
    with (
        pytest.raises(UserError, match="the log of customers: connection shop is SQLite, where no"),
        log_table(connection("sqlite:///shop.sqlite"), TABLE, "the log of customers"),
    ):
        pass


def test_a_password_that_is_wrong_is_told_without_it(postgres: PostgresServer) -> None:
    url = postgres.url(password="wrong-canary")

    with (
        pytest.raises(UserError, match="the password of user 'shop' is wrong") as told,
        log_table(connection(url), TABLE, "the log of customers"),
    ):
        pass

    assert "canary" not in str(told.value)


def test_a_file_in_use_is_waited_for_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: Sync
) -> None:
    monkeypatch.setattr(log_connection, "PATIENCE", timedelta(0))
    file = tmp_path / "shop.duckdb"
    with (
        duckdb.connect(file, config={"threads": 1}),
        pytest.raises(UserError, match=r"shop\.duckdb is in use; the next run takes the log in"),
    ):
        taken(connection(f"duckdb:///{file}"), logged)

    assert taken(connection(f"duckdb:///{file}"), logged) == 2
