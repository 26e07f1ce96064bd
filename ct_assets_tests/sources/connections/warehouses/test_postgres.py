import datetime as dt
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.drivers import database_of
from ct_assets.sources.incremental.lower_bound import LowerBound
from ct_assets_tests.sources.connections.postgres_server import PASSWORD, PostgresServer

NOON = dt.datetime(2024, 1, 2, 12, 30, 0, 250_000)
UUID = "5c649e9a-e23d-4444-b805-0792e0762da4"
SECRET = "ada@canary.example"


@pytest.fixture(scope="module")
def shop(postgres: PostgresServer) -> Iterator[PostgresServer]:
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


def rows(server: PostgresServer, query: str, *, url: str = "", **settings: Any) -> ConnectionRows:
    url = url or server.url(database="shop")
    spec = parse({"name": "shop", "url": url, **settings})
    return ConnectionRows(database_of(spec, url), query, "shop/person (sql)")


def read(source: ConnectionRows, folder: Path) -> pl.DataFrame:
    source.snapshot(folder / "x.parquet")
    assert [file.name for file in folder.iterdir()] == ["x.parquet"]
    return pl.read_parquet(folder / "x.parquet")


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


TIME = "has infinity, or a time outside of the years 1 to 9999; write nullif(x, 'infinity') or cast"
LISTS = "(int4[]) has lists in lists; write cast(x as text) in the query"
NO_NUMBER = "has NaN or infinity, which no decimal is; write nullif(x, 'NaN') or cast(x as text) in"
LONG = "has numbers of more than 38 digits; write round(x, 10), or cast(x as text) to send every"
REFUSED = [
    ("'infinity'::date", f"(date) {TIME}"),
    ("date '0044-03-15 BC'", f"(date) {TIME}"),
    ("'-infinity'::timestamp", f"(timestamp) {TIME}"),
    ("'infinity'::timestamptz", f"(timestamptz) {TIME}"),
    ("array[array[1], array[2]]", LISTS),
    ("'NaN'::numeric", f"(numeric) {NO_NUMBER}"),
    ("'infinity'::numeric", f"(numeric) {NO_NUMBER}"),
    ("'NaN'::numeric(9,2)", f"(numeric(9,2)) {NO_NUMBER}"),
    ("10::numeric ^ 38", f"(numeric) {LONG}"),
]


@pytest.mark.parametrize(("sql", "told"), REFUSED)
def test_a_value_that_no_type_keeps_is_refused_with_its_column(
    sql: str, told: str, shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, f"select 1 as id, {sql} as x"), tmp_path)

    assert f"shop/person (sql): column 'x' {told}" in str(caught.value)


def test_rows_keep_their_order_through_many_batches(shop: PostgresServer, tmp_path: Path) -> None:
    query = "select n, n / 7.0 as part from generate_series(1, 60000) n order by n desc"

    frame = read(rows(shop, query, fetch_mb=1), tmp_path)

    assert frame["n"].to_list() == list(range(60_000, 0, -1))
    assert frame["part"].sum() == Decimal("257147142.8571428571428572")


def test_no_rows_are_no_rows(shop: PostgresServer, tmp_path: Path) -> None:
    frame = read(rows(shop, "select id, 1.5 as x from person where false"), tmp_path)

    assert frame.schema == {"id": pl.Int32, "x": pl.Decimal(38, 0)}
    assert frame.height == 0


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from persn", "relation \"persn\" does not exist; did you mean 'person'?"),
        ("select * from public.Persons", "did you mean 'public.person'?"),
        ('select * from "Person"', "relation \"Person\" does not exist; there is public.person"),
        ("select mial from person", 'column "mial" does not exist. Perhaps you meant'),
        ("selec 1", "shop/person (sql): must be one SELECT statement; it only reads"),
        ("select from where", 'syntax error at or near "where"'),
        ("select mail::int from person", "a value is not of the type that the query casts it to"),
        ("select 1 / (id - 3) from person", "the query divides by zero"),
        ("select 1 as a, 2 as a", "two columns are called 'a'; name them apart with `as`"),
        ("select lo_create(1)", "must be one SELECT statement; it only reads"),
    ],
)  # fmt: skip
def test_a_query_that_gives_no_rows_says_why_and_quotes_none(
    query: str, told: str, shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, query), tmp_path)

    assert told in str(caught.value)
    assert "shop/person (sql): " in str(caught.value)
    assert everything(caught.value).count("canary") == 0


def everything(error: BaseException | None) -> str:
    """The texts of an exception, and of all that led to it."""
    if error is None:
        return ""
    return f"{error!r}{everything(error.__cause__)}{everything(error.__context__)}"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"password": "canary"}, "the password of user 'shop' is wrong, or there is no such user"),
        ({"user": "nobody", "password": "canary"}, "the password of user 'nobody' is wrong"),
        ({"database": "shpo"}, "there is no database 'shpo' on 127.0.0.1:{port}"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(
    wrong: dict[str, str], told: str, shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, "select 1", url=shop.url(**wrong)), tmp_path)

    named = f"shop/person (sql): connection shop: {told.format(port=shop.port)}"
    assert str(caught.value).startswith(named)
    assert "canary" not in everything(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://shop:canary@no-such-host.invalid/x", "there is no host 'no-such-host"),
        ("postgresql://shop:canary@127.0.0.1:1/x", "nothing answers at 127.0.0.1:1; is the server"),
        ("postgresql://shop:canary@127.0.0.1:1/x?sslmode=canary", "look at sslmode in the url"),
    ],
)
def test_a_server_that_is_not_there(
    url: str, told: str, shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, "select 1", url=url), tmp_path)

    assert told in str(caught.value)
    assert "canary" not in everything(caught.value)


def test_a_missing_grant_says_what_to_grant(shop: PostgresServer, tmp_path: Path) -> None:
    url = shop.url(user="reader", password="canary", database="shop")

    with pytest.raises(UserError) as caught:
        read(rows(shop, "select * from person", url=url), tmp_path)

    assert str(caught.value) == (
        "shop/person (sql): connection shop: permission denied for table person; let user reader "
        "read it: grant select"
    )


def test_a_query_that_takes_too_long_is_ended_by_the_server(
    shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="it took longer than it may"):
        read(rows(shop, "select pg_sleep(60)", timeout_minutes=0.001), tmp_path)


def test_the_session_has_the_time_zone_of_the_connection(
    shop: PostgresServer, tmp_path: Path
) -> None:
    query = "select (timestamptz '2024-01-02 20:00+00')::date as day"

    days = [
        read(rows(shop, query, time_zone=zone), tmp_path)["day"].item()
        for zone in ("UTC", "Asia/Kolkata")
    ]

    assert days == [dt.date(2024, 1, 2), dt.date(2024, 1, 3)]


def test_a_cancel_ends_the_query_on_the_server(
    shop: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = "select count(*) from pg_stat_activity where query like '%pg_sleep(61)%' and"
    running += " state = 'active' and pid <> pg_backend_pid()"
    monkeypatch.setattr("ct_assets.sources.connections.connection_rows.TELL_SECONDS", 0.01)

    class CancelError(BaseException):
        pass

    def tell(_: str) -> None:
        if shop.rows(running) == [(1,)]:
            raise CancelError

    source = rows(shop, "select id, pg_sleep(61) from person")
    source = ConnectionRows(source.database, source.query, source.label, tell)

    with pytest.raises(CancelError):
        source.snapshot(tmp_path / "x.parquet")

    assert shop.rows(running) == [(0,)]
    assert threading.active_count() < 20


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


def test_the_password_needs_its_signs_written_as_percent(shop: PostgresServer) -> None:
    assert "/" in PASSWORD
    assert "@" in PASSWORD
    assert rows(shop, "select 7").value() == "7"


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


def test_the_primary_key_of_a_table(shop: PostgresServer) -> None:
    create = 'create table "A pair" (a int, b int, c int, primary key (b, a))'
    shop.run('drop table if exists "A pair"', create, database="shop")

    with rows(shop, "select 1").database.session("shop") as session:
        assert sorted(session.primary_key(["public", "A pair"])) == ["a", "b"]
        assert session.primary_key(["pg_catalog", "pg_views"]) == []
