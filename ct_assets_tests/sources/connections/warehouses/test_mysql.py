import datetime as dt
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
from ct_assets_tests.sources.connections.mariadb_server import MariadbServer, mariadb_server

pytestmark = pytest.mark.services

NOON = dt.datetime(2024, 1, 2, 12, 30, 0, 250_000)


@pytest.fixture(scope="module")
def shop() -> Iterator[MariadbServer]:
    with mariadb_server() as server:
        server.run(
            "create table shop.person (id int primary key, mail text)",
            "insert into shop.person values (1, 'ada@canary.example'), (2, 'b'), (3, null)",
            "create user reader@'%' identified by 'canary'",
            "create database other",
            "grant select on other.* to reader@'%'",
        )
        yield server


def rows(server: MariadbServer, query: str, *, url: str = "", **settings: Any) -> ConnectionRows:
    spec = parse({"name": "shop", "url": "x", **settings})
    return ConnectionRows(database_of(spec, url or server.url()), query, "shop/person (sql)")


def read(source: ConnectionRows, folder: Path) -> pl.DataFrame:
    source.snapshot(folder / "x.parquet")
    return pl.read_parquet(folder / "x.parquet")


READ: list[tuple[str, str, object, pl.DataType]] = [
    ("tinyint(1)", "1", 1, pl.Int8()),
    ("bigint", "-9007199254740993", -9007199254740993, pl.Int64()),
    ("bigint unsigned", "18446744073709551615", 18446744073709551615, pl.UInt64()),
    ("int unsigned", "4294967295", 4294967295, pl.UInt32()),
    ("year", "2024", 2024, pl.Int16()),
    ("decimal(12,2)", "-1.5", Decimal("-1.5"), pl.Decimal(12, 2)),
    ("decimal(38,0)", "12345678901234567890123456789012345678",
     Decimal("12345678901234567890123456789012345678"), pl.Decimal(38, 0)),
    ("decimal(60,20)", "1.25", Decimal("1.25"), pl.Decimal(38, 2)),
    ("float", "1.5", 1.5, pl.Float32()),
    ("float", "16777215", 16777215.0, pl.Float32()),
    ("float", "1.2345678", 1.2345677614212036, pl.Float32()),
    ("double", "0.1", 0.1, pl.Float64()),
    ("varchar(9)", "'žluť'", "žluť", pl.String()),
    ("char(9)", "'a  '", "a", pl.String()),
    ("enum('glad', 'sad')", "'sad'", "sad", pl.String()),
    ("set('a', 'b')", "'a,b'", "a,b", pl.String()),
    ("json", """'{"a": [1.50]}'""", '{"a": [1.50]}', pl.String()),
    ("uuid", "'5c649e9a-e23d-4444-b805-0792e0762da4'", "5c649e9a-e23d-4444-b805-0792e0762da4",
     pl.String()),
    ("inet6", "'::1'", "::1", pl.String()),
    ("varbinary(9)", "x'dead'", b"\xde\xad", pl.Binary()),
    ("blob", "x'dead'", b"\xde\xad", pl.Binary()),
    ("bit(10)", "b'1000000001'", 513, pl.UInt64()),
    ("date", "'2024-02-29'", dt.date(2024, 2, 29), pl.Date()),
    ("datetime(6)", "'2024-01-02 12:30:00.25'", NOON, pl.Datetime("us")),
    ("datetime", "'2024-01-02 12:30:00'", NOON.replace(microsecond=0), pl.Datetime("us")),
    ("timestamp(6)", "'2024-01-02 12:30:00.25'", NOON.replace(tzinfo=dt.UTC),
     pl.Datetime("us", "UTC")),
    ("time", "'-838:59:59'", "-838:59:59", pl.String()),
    ("time(3)", "'12:30:00.25'", "12:30:00.250", pl.String()),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "sql", "value", "dtype"), READ, ids=[kind for kind, *_ in READ])
def test_every_type_arrives_whole(
    kind: str, sql: str, value: object, dtype: pl.DataType, shop: MariadbServer, tmp_path: Path
) -> None:
    shop.run(
        f"create or replace table shop.one (`the value` {kind} null)",
        "set time_zone = '+00:00'",
        f"insert into shop.one values ({sql}), (null)",
    )

    frame = read(rows(shop, "select * from one # all"), tmp_path)

    assert frame.schema == {"the value": dtype}
    assert frame.rows() == [(value,), (None,)]


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        ("date", "'0000-00-00'"),
        ("date", "'2024-00-15'"),
        ("datetime", "'0000-00-00'"),
        ("timestamp", "0"),
    ],
)
def test_a_zero_date_is_refused_with_its_column(
    kind: str, sql: str, shop: MariadbServer, tmp_path: Path
) -> None:
    shop.run(
        f"create or replace table shop.one (id int, day {kind} null)",
        f"insert into shop.one values (1, '2024-01-02'), (2, {sql})",
    )

    with pytest.raises(UserError) as caught:
        read(rows(shop, "select * from one"), tmp_path)

    assert str(caught.value) == (
        f"shop/person (sql): column 'day' ({kind}) has dates of zeros, such as 0000-00-00; write "
        "if(day < '1000-01-01', null, day) or cast(day as char) in the query"
    )


def test_a_geometry_is_left_out_with_the_reason(shop: MariadbServer, tmp_path: Path) -> None:
    source = rows(shop, "select 1 as id, point(1, 2) as place")

    left_out = source.snapshot(tmp_path / "x.parquet")

    assert left_out == {"place": "its type geometry is not read; write st_astext(place) in a query"}
    assert pl.read_parquet(tmp_path / "x.parquet").rows() == [(1,)]


def test_rows_come_through_many_batches(shop: MariadbServer, tmp_path: Path) -> None:
    frame = read(rows(shop, "select seq, 'x' as x from seq_1_to_2500", fetch_mb=1), tmp_path)

    assert frame["seq"].to_list() == list(range(1, 2501))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from persn", "there is no table 'shop.persn'; did you mean 'shop.person'?"),
        ("select mial from person", "Unknown column 'mial' in "),
        ("select from where", "You have an error in your SQL syntax"),
        ("select 1 as a, 2 as a", "two columns are called 'a'; name them apart with `as`"),
        ("delete from person", "must be one SELECT statement; it only reads"),
        ("select * from person into outfile '/tmp/x'", "must be one SELECT statement"),
        ("select nextval(s)", "must be one SELECT statement; it only reads"),
    ],
)
def test_a_query_that_gives_no_rows_says_why_and_quotes_none(
    query: str, told: str, shop: MariadbServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, query), tmp_path)

    assert told in str(caught.value)
    assert str(caught.value).startswith("shop/person (sql): ")
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"password": "canary"}, "the password of user 'shop' is wrong, or there is no such user"),
        ({"database": "shpo"}, "there is no database 'shpo' on 127.0.0.1:"),
        ({"user": "reader", "password": "canary"}, "user 'reader' may not use database 'shop'"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(
    wrong: dict[str, str], told: str, shop: MariadbServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, "select 1", url=shop.url(**wrong)), tmp_path)

    assert str(caught.value).startswith(f"shop/person (sql): connection shop: {told}")
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_a_server_that_is_not_there(shop: MariadbServer, tmp_path: Path) -> None:
    for url, told in (
        ("mysql://shop:canary@no-such-host.invalid/x", "there is no host 'no-such-host.invalid'"),
        ("mysql://shop:canary@127.0.0.1:1/x", "nothing answers at 127.0.0.1:1"),
    ):
        with pytest.raises(UserError, match=told):
            read(rows(shop, "select 1", url=url), tmp_path)


def test_a_missing_grant_says_what_to_grant(shop: MariadbServer, tmp_path: Path) -> None:
    url = shop.url(user="reader", password="canary", database="other")

    with pytest.raises(UserError, match="user 'reader' may not read what the query names"):
        read(rows(shop, "select * from shop.person", url=url), tmp_path)


def test_a_query_that_takes_too_long_is_ended_by_the_server(
    shop: MariadbServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="it took longer than it may"):
        read(rows(shop, "select sleep(60) from person", timeout_minutes=0.002), tmp_path)


def test_a_cancel_ends_the_query_on_the_server(
    shop: MariadbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = "select count(*) from information_schema.processlist where info like '%sleep(61)%'"
    running += " and id <> connection_id()"
    monkeypatch.setattr("ct_assets.sources.connections.connection_rows.TELL_SECONDS", 0.01)

    class CancelError(BaseException):
        pass

    def tell(_: str) -> None:
        if shop.rows(running) == ((1,),):
            raise CancelError

    source = rows(shop, "select id, sleep(61) from person")
    source = ConnectionRows(source.database, source.query, source.label, tell)

    with pytest.raises(CancelError):
        source.snapshot(tmp_path / "x.parquet")

    assert shop.rows(running) == ((0,),)


def test_values_counts_and_the_server(shop: MariadbServer) -> None:
    people = rows(shop, "select * from person; -- all")

    assert people.largest("id") == "3"
    assert people.count(("id", "1")) == 2
    assert rows(shop, "select max(id) from person").value() == "3"
    with people.database.session("shop") as session:
        assert session.version().startswith("MariaDB 1")
        assert "shop.person" in session.tables()


def test_a_timestamp_of_the_hour_that_comes_twice_is_one_moment(
    shop: MariadbServer, tmp_path: Path
) -> None:
    shop.run(
        "insert into mysql.time_zone (time_zone_id) values (1)",
        "insert into mysql.time_zone_name values ('Europe/Rome', 1)",
        "insert into mysql.time_zone_transition_type values (1, 0, 7200, 1, 'CEST'),"
        " (1, 1, 3600, 0, 'CET')",
        "insert into mysql.time_zone_transition values (1, 1711846800, 0), (1, 1729990800, 1)",
        "create or replace table shop.one (id int, at timestamp(3) null)",
        "set time_zone = '+00:00'",
        "insert into shop.one values (1, '2024-10-27 00:30:00.5'), (2, '2024-10-27 01:30:00.5')",
    )

    frame = read(rows(shop, "select * from one order by id", time_zone="Europe/Rome"), tmp_path)

    assert frame["at"].to_list() == [
        dt.datetime(2024, 10, 27, hour, 30, 0, 500_000, dt.UTC) for hour in (0, 1)
    ]


def test_two_dashes_are_a_comment_before_a_blank_alone(shop: MariadbServer, tmp_path: Path) -> None:
    frame = read(rows(shop, "select 5--3 as x -- the sum"), tmp_path)

    assert frame.rows() == [(8,)]


@pytest.mark.parametrize("kind", ["timestamp(6)", "datetime(6)", "date", "bigint"])
def test_rows_since_a_watermark(kind: str, shop: MariadbServer, tmp_path: Path) -> None:
    whole = kind in ("bigint", "numeric(20,0)")
    values = ["1", "7", "8"] if whole else ["'2024-10-26'", "'2024-10-27'", "'2024-10-28'"]
    shop.run(
        f"create or replace table shop.seen (id int, at {kind} null)",
        "set time_zone = '+00:00'",
        f"insert into shop.seen values (1, {values[0]}), (2, {values[1]}), (3, {values[2]}),"
        " (4, null)",
    )
    zoned = "+00:00" if kind in ("timestamptz", "timestamp(6)") else ""
    mark = "8" if whole else f"2024-10-28{zoned and 'T00:00:00' + zoned}"
    source = rows(shop, "select * from seen -- all")

    for back, ids in ((timedelta(0), [3, 4]), (timedelta(days=1), [2, 3, 4])):
        bound = LowerBound("at", mark, int(back.days) if whole else back)
        source.since(bound).snapshot(tmp_path / "x.parquet")
        assert sorted(pl.read_parquet(tmp_path / "x.parquet")["id"].to_list()) == ids


def test_the_primary_key_of_a_table(shop: MariadbServer) -> None:
    shop.run("create or replace table shop.pair (a int, b int, c int, primary key (b, a))")

    with rows(shop, "select 1").database.session("shop") as session:
        assert sorted(session.primary_key(["pair"])) == ["a", "b"]
        assert session.primary_key(["shop", "person"]) == ["id"]
        assert session.primary_key(["none"]) == []
