from collections.abc import Iterator

import pytest

from ct_assets_tests.sources.connections.postgres_server import PostgresServer


@pytest.fixture(scope="module")
def shop(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """Postgres with the database `shop`; modules of other servers have a `shop` of their own."""
    postgres.run(
        "create database shop",
    )
    postgres.run(
        "create type mood as enum ('glad', 'sad')",
        "create type bought as (item text, price numeric(8,2))",
        "create domain cents as numeric(10,2)",
        "create table person as select n as id, 'ada@canary.example' as mail, 'N1' as zip"
        " from generate_series(1, 3) as n",
        "create role reader login password 'canary'",
        database="shop",
    )
    yield postgres
    postgres.run("drop database shop with (force)", "drop role reader")
