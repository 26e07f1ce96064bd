import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.drivers import database_of


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.sqlite"
    with sqlite3.connect(file) as connection:
        connection.executescript(
            "create table person (id integer primary key, mail text);"
            "insert into person values (1, 'ada@canary.example'), (2, null);"
            "create table one (id integer primary key, x);"
        )
    connection.close()
    return file


def rows(file: Path, query: str, **settings: int) -> ConnectionRows:
    url = f"sqlite:///{file}"
    spec = parse({"name": "shop", "url": url, **settings})
    return ConnectionRows(database_of(spec, url), query, "shop/person (sql)")


def read(source: ConnectionRows, folder: Path) -> pl.DataFrame:
    source.snapshot(folder / "x.parquet")
    return pl.read_parquet(folder / "x.parquet")


@pytest.mark.parametrize(
    ("values", "read_as", "dtype"),
    [
        ("(1), (null)", [1, None], pl.Int64()),
        ("(9223372036854775807)", [9223372036854775807], pl.Int64()),
        ("(1), (1.5)", [1.0, 1.5], pl.Float64()),
        ("(9007199254740993), (1.5)", ["9007199254740993", "1.5"], pl.String()),
        ("(1), ('a')", ["1", "a"], pl.String()),
        ("(-9223372036854775808), (1)", [-9223372036854775808, 1], pl.Int64()),
        (
            "('a'), (0.1), (1.0), (-2.5e-7), (9e999)",
            ["a", "0.1", "1.0", "-2.5e-07", "Inf"],
            pl.String(),
        ),
        (
            "('a'), (0.30000000000000004), (123456789012345678.0), (5e-324)",
            ["a", "0.30000000000000004", "1.2345678901234568e+17", "4.94065645841247e-324"],
            pl.String(),
        ),
        ("('2024-02-29')", ["2024-02-29"], pl.String()),
        ("(x'dead')", [b"\xde\xad"], pl.Binary()),
        ("(null)", [None], pl.String()),
    ],
)
def test_a_column_has_the_type_of_its_values(
    shop: Path, tmp_path: Path, values: str, read_as: list[object], dtype: pl.DataType
) -> None:
    with sqlite3.connect(shop) as connection:
        connection.execute(f"insert into one (x) values {values}")

    frame = read(rows(shop, "select x from one order by id; -- all"), tmp_path)

    assert frame.schema == {"x": dtype}
    assert frame["x"].to_list() == read_as


def test_bytes_beside_text_are_left_out_with_the_reason(shop: Path, tmp_path: Path) -> None:
    with sqlite3.connect(shop) as connection:
        connection.execute("insert into one (x) values (x'dead'), ('a')")

    left_out = rows(shop, "select * from one").snapshot(tmp_path / "x.parquet")

    why = "it has bytes beside other values; write cast(x as text) in a query"
    assert left_out == {"x": why}
    assert pl.read_parquet(tmp_path / "x.parquet").columns == ["id"]


def test_rows_come_through_many_batches(shop: Path, tmp_path: Path) -> None:
    query = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2500)"

    frame = read(rows(shop, f"{query} select i from n", fetch_mb=1), tmp_path)

    assert frame["i"].to_list() == list(range(1, 2501))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from persn", "connection shop: no such table: persn; did you mean 'person'?"),
        ("select mial from person", "connection shop: no such column: mial"),
        ("select from where", 'connection shop: near "from": syntax error'),
        ("select 1 as a, 2 as a", "two columns are called 'a'; name them apart with `as`"),
        ("delete from person", "must be one SELECT statement; it only reads"),
        ("select json(mail) from person", "SQLite could not give the rows (SQLITE_ERROR)"),
    ],
)
def test_a_query_that_gives_no_rows_says_why_and_quotes_none(
    shop: Path, tmp_path: Path, query: str, told: str
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, query), tmp_path)

    assert told in str(caught.value)
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_a_file_that_is_not_there_or_no_database(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no file .*/shpo.sqlite; did you mean 'shop.sq"):
        read(rows(shop.with_name("shpo.sqlite"), "select 1"), tmp_path)
    (tmp_path / "text").write_text("ada@canary.example\n" * 100)
    with pytest.raises(UserError, match="is no file of SQLite"):
        read(rows(tmp_path / "text", "select * from person"), tmp_path)


def test_values_and_counts(shop: Path) -> None:
    people = rows(shop, "select * from person")

    assert people.largest("id") == "2"
    assert people.count(None) == 2
    assert people.count(("id", "1")) == 1
    assert people.count(("mail", "a")) == 1


@pytest.mark.parametrize(
    ("values", "column", "beyond", "count"),
    [
        ("(1), (3), (20)", "x", "3", 1),
        ("(1), (3), (20)", "x + 0", "3", 1),
        ("(1.5), (2.5)", "x + 0", "1.5", 1),
        ("('3'), ('20')", "x", "20", 1),
    ],
)
def test_a_watermark_is_compared_as_a_number_where_the_column_has_numbers(
    shop: Path, values: str, column: str, beyond: str, count: int
) -> None:
    with sqlite3.connect(shop) as connection:
        connection.execute(f"insert into one (x) values {values}")

    assert rows(shop, f"select {column} as x from one").count(("x", beyond)) == count


def test_a_limit_and_an_order_of_the_query_are_kept(shop: Path, tmp_path: Path) -> None:
    with sqlite3.connect(shop) as connection:
        connection.execute("insert into one (x) values (3), (1), (2)")
    source = rows(shop, "select x from one order by x limit 2")

    assert read(source, tmp_path)["x"].to_list() == [1, 2]
    assert source.largest("x") == "2"
    assert source.count(("x", "1")) == 1


def test_the_largest_value_is_found_in_one_scan(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    opened = sqlite3.connect

    def traced(*args: Any, **settings: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = opened(*args, **settings)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)

    assert rows(shop, "select id from person").largest("id") == "2"

    scans = [text for text in statements if "person" in text and not text.endswith("limit 0")]
    assert len(scans) == 1


def test_one_value_is_taken_from_two_rows_at_most(shop: Path) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"

    with pytest.raises(UserError, match="must give one row with one column"):
        rows(shop, endless).value()
