import datetime as dt
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.incremental.lower_bound import LowerBound
from ct_assets_tests.sources.connections.postgres_server import PostgresServer
from ct_assets_tests.sources.connections.warehouses.postgres_kit import read, rows

NOON = dt.datetime(2024, 1, 2, 12, 30, 0, 250_000)
UUID = "5c649e9a-e23d-4444-b805-0792e0762da4"
SECRET = "ada@canary.example"
UTC = pl.Datetime("us", "UTC")

READ: list[tuple[str, object, pl.DataType]] = [
    ("1::smallint", 1, pl.Int16()),
    ("9007199254740993", 9007199254740993, pl.Int64()),
    ("1.5::real", 1.5, pl.Float32()),
    ("1.5::float8", 1.5, pl.Float64()),
    ("1.50::numeric(12,2)", Decimal("1.50"), pl.Decimal(12, 2)),
    ("1.5::cents", Decimal("1.5"), pl.Decimal(10, 2)),
    ("1234::numeric(3,-2)", Decimal(1200), pl.Decimal(5, 0)),
    ("0.00012::numeric(3,5)", Decimal("0.00012"), pl.Decimal(5, 5)),
    ("1.5::numeric(60,2)", Decimal("1.5"), pl.Decimal(38, 1)),
    ("sum(9007199254740993)", 9007199254740993, pl.Decimal(38, 0)),
    ("avg(n)", Decimal(2), pl.Decimal(38, 0)),
    ("-0.000001::numeric", Decimal("-0.000001"), pl.Decimal(38, 6)),
    ("12345678901234567890123456789012345678::numeric", 12345678901234567890123456789012345678,
     pl.Decimal(38, 0)),
    ("null::numeric", None, pl.Decimal(38, 0)),
    ("'12.34'::money", Decimal("12.34"), pl.Decimal(38, 2)),
    ("true", True, pl.Boolean()),
    ("'ab'::char(4)", "ab", pl.String()),
    ("'glad'::mood", "glad", pl.String()),
    (f"'{UUID}'::uuid", UUID, pl.String()),
    ("""'{"a": [1.50]}'::jsonb""", '{"a": [1.50]}', pl.String()),
    ("""'{"b":1}'::json""", '{"b":1}', pl.String()),
    ("('tea', 2)::bought", '{"item": "tea", "price": 2.00}', pl.String()),
    ("row(1, 'a')", '{"f1": 1, "f2": "a"}', pl.String()),
    ("date '2024-02-29'", dt.date(2024, 2, 29), pl.Date()),
    ("timestamp '2024-01-02 12:30:00.25'", NOON, pl.Datetime("us")),
    ("timestamptz '2024-01-02 14:30:00.25+02'", NOON.replace(tzinfo=dt.UTC), UTC),
    ("date_trunc('day', timestamptz '2024-01-02 20:00+00')", dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
     UTC),
    ("time '24:00'", "24:00:00", pl.String()),
    ("timetz '03:04:05+02'", "03:04:05+02", pl.String()),
    ("interval '1 month 26 hours'", "1 mon 26:00:00", pl.String()),
    ("'\\xdead'::bytea", b"\xde\xad", pl.Binary()),
    ("B'101'", "101", pl.String()),
    ("inet '10.0.0.1/8'", "10.0.0.1/8", pl.String()),
    ("int4range(1, 5)", "[1,5)", pl.String()),
    ("point(1, 2)", "(1,2)", pl.String()),
    ("4294967295::oid", 4294967295, pl.Int64()),
    ("null", None, pl.String()),
    ("array['a', null]", ["a", None], pl.List(pl.String())),
    ("array[1.5, 2::numeric]", [Decimal("1.5"), Decimal(2)], pl.List(pl.Decimal(38, 1))),
    (f"array['{UUID}'::uuid]", [UUID], pl.List(pl.String())),
    ("array['sad'::mood]", ["sad"], pl.List(pl.String())),
    ("array[date '2024-02-29']", [dt.date(2024, 2, 29)], pl.List(pl.Date())),
    ("array[('tea', 2)::bought]", '[{"item": "tea", "price": 2.00}]', pl.String()),
    ("'{}'::int[]", [], pl.List(pl.Int32())),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "value", "dtype"), READ, ids=[sql for sql, *_ in READ])
def test_every_type_arrives_whole(
    sql: str, value: object, dtype: pl.DataType, shop: PostgresServer, tmp_path: Path
) -> None:
    grouped = f'select {sql} as "the value" from generate_series(1, 3) n limit 1'
    if "sum(" in sql:
        value = 3 * 9007199254740993

    frame = read(rows(shop, f"{grouped} -- all"), tmp_path)

    assert frame.schema == {"the value": dtype}
    assert frame.rows() == [(value,)]


def test_rows_keep_their_order_through_many_batches(shop: PostgresServer, tmp_path: Path) -> None:
    query = "select n, n / 7.0 as part from generate_series(1, 60000) n order by n desc"

    frame = read(rows(shop, query, fetch_mb=1), tmp_path)

    assert frame["n"].to_list() == list(range(60_000, 0, -1))
    assert frame["part"].sum() == Decimal("257147142.8571428571428572")


def test_no_rows_are_no_rows(shop: PostgresServer, tmp_path: Path) -> None:
    frame = read(rows(shop, "select id, 1.5 as x from person where false"), tmp_path)

    assert frame.schema == {"id": pl.Int32, "x": pl.Decimal(38, 0)}
    assert frame.height == 0


def test_the_session_has_the_time_zone_of_the_connection(
    shop: PostgresServer, tmp_path: Path
) -> None:
    query = "select (timestamptz '2024-01-02 20:00+00')::date as day"

    days = [
        read(rows(shop, query, time_zone=zone), tmp_path)["day"].item()
        for zone in ("UTC", "Asia/Kolkata")
    ]

    assert days == [dt.date(2024, 1, 2), dt.date(2024, 1, 3)]


def test_it_tells_how_many_rows_and_how_fast(shop: PostgresServer, tmp_path: Path) -> None:
    told: list[str] = []
    source = rows(shop, "select * from person")

    ConnectionRows(source.database, source.query, source.label, told.append).snapshot(
        tmp_path / "x.parquet"
    )

    (last,) = told
    assert last.startswith("shop/person (sql): 3 rows (")
    assert last.endswith(" rows/s), from Postgres")


def test_values_and_counts(shop: PostgresServer) -> None:
    people = rows(shop, "select * from person; -- all")

    assert people.largest("id") == "3"
    assert people.count(None) == 3
    assert people.count(("id", "1")) == 2
    assert rows(shop, "select max(id) from person").value() == "3"
    with pytest.raises(UserError, match=r"no column 'idd' .*; did you mean 'id'"):
        people.largest("idd")
    with pytest.raises(UserError, match="must give one row with one column"):
        people.value()


def test_columns_are_known_without_reading(shop: PostgresServer) -> None:
    columns = rows(shop, "select id, 1.5::numeric(4,1) as x, pg_sleep(60)::text from person")

    assert [(c.name, c.kind, c.dtype) for c in columns.columns()] == [
        ("id", "int4", pl.Int32()),
        ("x", "numeric(4,1)", pl.Decimal(4, 1)),
        ("pg_sleep", "text", pl.String()),
    ]


def test_redshift_is_read_through_a_cursor(shop: PostgresServer, tmp_path: Path) -> None:
    url = shop.url(database="shop").replace("postgresql:", "redshift:")
    query = "select n as id, 'x' as x, 1.5::numeric(4,1) as y from generate_series(1, 2500) n"

    frame = read(rows(shop, query, url=url, fetch_mb=1), tmp_path)

    assert frame["id"].to_list() == list(range(1, 2501))
    assert frame.schema["y"] == pl.Decimal(4, 1)


@pytest.mark.parametrize("kind", ["timestamptz", "timestamp", "date", "bigint", "numeric(20,0)"])
def test_rows_since_a_watermark(kind: str, shop: PostgresServer, tmp_path: Path) -> None:
    whole = kind in ("bigint", "numeric(20,0)")
    values = ["1", "7", "8"] if whole else ["'2024-10-26'", "'2024-10-27'", "'2024-10-28'"]
    shop.run(
        "drop table if exists seen",
        f"create table seen (id int, at {kind})",
        f"insert into seen values (1, {values[0]}), (2, {values[1]}), (3, {values[2]}), (4, null)",
        database="shop",
    )
    zoned = "+00:00" if kind in ("timestamptz", "timestamp(6)") else ""
    mark = "8" if whole else f"2024-10-28{zoned and 'T00:00:00' + zoned}"
    source = rows(shop, "select * from seen -- all")

    for back, ids in ((timedelta(0), [3, 4]), (timedelta(days=1), [2, 3, 4])):
        bound = LowerBound("at", mark, int(back.days) if whole else back)
        source.since(bound).snapshot(tmp_path / "x.parquet")
        assert sorted(pl.read_parquet(tmp_path / "x.parquet")["id"].to_list()) == ids


def test_the_server_and_its_tables(shop: PostgresServer) -> None:
    with rows(shop, "select 1").database.session("shop") as session:
        assert session.version().startswith("PostgreSQL 1")
        assert "public.person" in session.tables()


def test_the_primary_key_of_a_table(shop: PostgresServer) -> None:
    create = 'create table "A pair" (a int, b int, c int, primary key (b, a))'
    shop.run('drop table if exists "A pair"', create, database="shop")

    with rows(shop, "select 1").database.session("shop") as session:
        assert sorted(session.primary_key(["public", "A pair"])) == ["a", "b"]
        assert session.primary_key(["pg_catalog", "pg_views"]) == []
