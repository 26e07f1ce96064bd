"""By the real driver, over HTTP, against a stand-in that keeps its rows in DuckDB."""

import datetime as dt
import logging
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.drivers import database_of
from ct_assets.sources.connections.warehouses.snowflake import Snowflake

pytestmark = pytest.mark.services

PASSWORD = "canary/9@x"
NOON = dt.datetime(2024, 1, 2, 12, 30, 0, 250_000)
MADE = [
    "create database if not exists shop",
    "create schema if not exists shop.public",
    "create or replace table shop.public.person (id number(38,0), total number(12,2), name varchar,"
    " extra variant, tags array, day date, bought timestamp_ntz, seen timestamp_tz, vip boolean,"
    " score float)",
    "insert into shop.public.person select 1, 1.5, 'Ada', parse_json('{\"a\":1}'),"
    " array_construct(1, 2), '2024-02-29'::date, '2024-01-02 12:30:00.25'::timestamp_ntz,"
    " '2024-01-02 14:30:00.25+02:00'::timestamp_tz, true, 0.5",
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    import adbc_driver_snowflake.dbapi as dbapi
    import fakesnow

    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    with fakesnow.server() as server:
        sql = "adbc.snowflake.sql"
        options = {
            f"{sql}.uri.host": server["host"],
            f"{sql}.uri.port": str(server["port"]),
            f"{sql}.uri.protocol": "http",
            f"{sql}.client_option.disable_telemetry": "true",
        }
        query = "&".join(f"{name}={value}" for name, value in options.items())
        made = f"snowflake://ada:{quote(PASSWORD, safe='')}@fakesnow/shop/public?{query}"
        with (
            dbapi.connect(db_kwargs=settings(made), autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            for statement in MADE:
                cursor.execute(statement)
        yield made


def settings(url: str) -> dict[str, str]:
    database = database_of(parse({"name": "shop", "url": "x"}), url)
    assert isinstance(database, Snowflake)
    return database.settings


def rows(url: str, query: str, **given: Any) -> ConnectionRows:
    spec = parse({"name": "shop", "url": "x", **given})
    return ConnectionRows(database_of(spec, url), query, "shop/person (sql)")


def test_types_arrive_whole(url: str, tmp_path: Path) -> None:
    source = rows(url, "select * from person")

    source.snapshot(tmp_path / "x.parquet")

    frame = pl.read_parquet(tmp_path / "x.parquet")
    assert frame.schema == {
        "ID": pl.Decimal(38, 0),
        "TOTAL": pl.Decimal(12, 2),
        "NAME": pl.String,
        "EXTRA": pl.String,
        "TAGS": pl.String,
        "DAY": pl.Date,
        "BOUGHT": pl.Datetime("us"),
        "SEEN": pl.Datetime("us", "UTC"),
        "VIP": pl.Boolean,
        "SCORE": pl.Float64,
    }
    (row,) = frame.drop("EXTRA", "TAGS").rows()
    assert row == (
        Decimal(1), Decimal("1.5"), "Ada", dt.date(2024, 2, 29), NOON,
        NOON.replace(tzinfo=dt.UTC), True, 0.5,
    )  # fmt: skip
    assert "".join(frame["EXTRA"].item().split()) == '{"a":1}'
    assert "".join(frame["TAGS"].item().split()) == "[1,2]"


def test_values_counts_and_tables(url: str) -> None:
    people = rows(url, "select * from shop.public.person;", timeout_minutes=5)

    assert people.count(None) == 1
    assert people.largest("ID") == "1"
    with people.database.session("shop") as session:
        assert session.version().startswith("Snowflake ")
        assert "PUBLIC.PERSON" in session.tables()
    assert people.database.table_query("shop.public.person") == ("select * from shop.public.person")
    assert people.database.table_query('"my db".x') == 'select * from "my db".x'


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from persn", "PERSN"),
        ("select nme from person", "NME"),
        ("select 1 as a, 2 as a", "two columns are called"),
        ("delete from person", "must be one SELECT statement; it only reads"),
    ],
)
def test_a_query_that_gives_no_rows_says_why_and_quotes_none(
    url: str, tmp_path: Path, query: str, told: str
) -> None:
    with pytest.raises(UserError) as caught:
        rows(url, query).snapshot(tmp_path / "x.parquet")

    assert told in str(caught.value)
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_an_account_that_is_not_there(tmp_path: Path) -> None:
    sql = "adbc.snowflake.sql"
    options = f"{sql}.uri.host=127.0.0.1&{sql}.uri.port=1&{sql}.uri.protocol=http"
    options += f"&{sql}.client_option.login_timeout=1s"

    with pytest.raises(UserError) as caught:
        rows(f"snowflake://ada:canary@nowhere/shop?{options}", "select 1").snapshot(
            tmp_path / "x.parquet"
        )

    assert "connection shop: account 'nowhere' does not answer" in str(caught.value)
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_the_options_of_a_url_are_the_driver_s() -> None:
    given = settings("snowflake://ada:x@acc/db/s?warehouse=WH&role=R&private_key_path=/k.p8")

    assert given == {
        "uri": "ada:x@acc/db/s?account=acc&TIMEZONE=UTC&warehouse=WH&role=R",
        "adbc.snowflake.sql.auth_type": "auth_jwt",
        "adbc.snowflake.sql.client_option.jwt_private_key": "/k.p8",
        "adbc.snowflake.sql.client_option.app_name": "ct_assets",
        "adbc.snowflake.sql.client_option.login_timeout": "30s",
        "adbc.snowflake.sql.client_option.max_timestamp_precision": "microseconds",
    }
