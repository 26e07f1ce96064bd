import itertools
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_spec import parse as parse_connection
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse
from ct_assets.staging import Snapshot, Staging

KEY = ("shop", "person")


class Shop:
    """A database of one table, and what was staged of it."""

    def __init__(self, folder: Path, run: Callable[[str], object], **source: Any) -> None:
        self.staging = Staging(folder / "staging")
        self.run = run
        url = f"sqlite:///{folder / 'shop.sqlite'}"
        connection = DeclaredConnection(parse_connection({"name": "shop", "url": url}), lambda: url)
        declared = parse({"asset": "shop/person", **source})
        self.source = DeclaredSource(declared, folder, folder, {"shop": connection})
        self.told: list[str] = []
        self.warehouse = Warehouse(folder / "warehouse.duckdb", waiting=self.told.append)

    def read(self) -> Snapshot:
        with self.staging.draft(KEY) as draft:
            self.source.snapshot(draft, self.warehouse, self.staging.current_or_none(KEY))
            assert [file.name for file in draft.folder.iterdir()] == ["data.parquet"]
            return self.staging.publish(draft)

    def rows(self) -> list[tuple[Any, ...]]:
        return sorted(self.read().scan().collect().rows(), key=repr)

    def all_rows(self) -> list[tuple[Any, ...]]:
        """As a full read gives them."""
        with Staging(self.staging.root.with_name("full")).draft(KEY) as draft:
            self.source.snapshot(draft, self.warehouse)
            return sorted(draft.scan().collect().rows(), key=repr)


def sqlite_shop(folder: Path, **incremental: Any) -> Shop:
    connection = sqlite3.connect(folder / "shop.sqlite", isolation_level=None)
    connection.execute("create table person (id integer primary key, name text, seen integer)")
    spec = {"column": "seen", "key": "id", **incremental}
    return Shop(folder, connection.execute, connection="shop", table="person", incremental=spec)


def duckdb_shop(folder: Path, at: str = "timestamp", **incremental: Any) -> Shop:
    def run(statement: str) -> None:
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            connection.execute(statement)

    run(f"create table person (id int, name varchar, seen {at})")
    spec = {"column": "seen", "key": "id", **incremental}
    return Shop(folder, run, table="person", incremental=spec)


def test_rows_at_or_beyond_the_watermark_are_read_and_those_without_one(
    tmp_path: Path,
) -> None:
    shop = sqlite_shop(tmp_path)
    shop.run("insert into person values (1, 'a', 10), (2, 'b', 20), (3, 'c', null)")
    shop.read()
    shop.run("update person set name = name || '!'")
    shop.run("insert into person values (4, 'd', 20), (5, 'e', 15), (6, 'f', 30), (7, 'g', null)")

    assert shop.rows() == [
        (1, "a", 10), (2, "b!", 20), (3, "c!", None), (4, "d", 20), (6, "f", 30), (7, "g", None),
    ]  # fmt: skip
    assert [text.split(":")[1].split(" (")[0] for text in shop.told] == [" 3 rows", " 5 rows"]


def test_a_lookback_of_numbers_reads_late_rows(tmp_path: Path) -> None:
    shop = sqlite_shop(tmp_path, lookback=5)
    shop.run("insert into person values (1, 'a', 10), (2, 'b', 20)")
    shop.read()
    shop.run("insert into person values (3, 'late', 15), (4, 'too late', 14)")

    assert [row[0] for row in shop.rows()] == [1, 2, 3]


@pytest.mark.parametrize(
    ("statement", "is_kept"),
    [
        ("update person set name = 'a' where id = 1", True),
        ("delete from person where id = 1", True),  # which a full read shows
        ("update person set name = 'b!' where id = 2", False),
        ("update person set name = null where id = 2", False),
        ("update person set name = 'c!' where id = 3", False),
        ("insert into person values (4, 'd', 20)", False),
        ("insert into person values (4, 'd', null)", False),
        ("insert into person values (4, 'd', 21)", False),
    ],
)
def test_a_snapshot_is_kept_if_all_rows_are_as_they_were(
    tmp_path: Path, statement: str, *, is_kept: bool
) -> None:
    shop = sqlite_shop(tmp_path)
    shop.run("insert into person values (1, 'a', 10), (2, 'b', 20), (3, 'c', null)")
    first = shop.read()
    shop.run(statement)
    second = shop.read()

    assert (first.path == second.path) is is_kept
    assert second.meta.source is not None
    assert second.meta.source.incremental is not None


def test_a_table_without_watermarks_is_read_whole(tmp_path: Path) -> None:
    shop = sqlite_shop(tmp_path)
    assert shop.rows() == []
    shop.run("insert into person values (1, 'a', null)")
    assert shop.rows() == [(1, "a", None)]
    shop.run("insert into person values (2, 'b', 7)")
    assert shop.rows() == [(1, "a", None), (2, "b", 7)]
    shop.run("update person set seen = null")
    assert shop.rows() == [(1, "a", None), (2, "b", None)]


@pytest.mark.parametrize("at", ["timestamp", "timestamptz", "date", "timestamp_ms"])
def test_a_lookback_of_time(tmp_path: Path, at: str) -> None:
    shop = duckdb_shop(tmp_path, at, lookback="2d")
    shop.run("insert into person values (1, 'a', '2024-01-01'), (2, 'b', '2024-01-10')")
    shop.read()
    shop.run("update person set name = 'read again'")
    shop.run("insert into person values (3, 'c', '2024-01-08'), (4, 'd', '2024-01-07')")

    assert [row[:2] for row in shop.rows()] == [(1, "a"), (2, "read again"), (3, "c")]


def test_a_time_in_the_future_is_no_reason_to_read_nothing_else(tmp_path: Path) -> None:
    shop = duckdb_shop(tmp_path, "timestamptz")
    shop.run("insert into person values (1, 'a', '9999-12-31'), (2, 'b', '2024-01-10')")
    shop.read()
    soon = datetime.now(UTC) + timedelta(seconds=1)
    shop.run(f"insert into person values (3, 'c', '{soon}')")

    assert [row[0] for row in shop.rows()] == [1, 2, 3]


def test_deletions_are_seen_when_all_rows_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = sqlite_shop(tmp_path, full_every="1h")
    shop.run("insert into person values (1, 'a', 10), (2, 'b', 20)")
    shop.read()
    shop.run("delete from person where id = 1")

    assert [row[0] for row in shop.rows()] == [1, 2]
    snapshot = shop.staging.current(KEY)
    assert snapshot.meta.source is not None
    known = snapshot.meta.source.incremental
    assert known is not None
    later = datetime.fromtimestamp(known.full_at, UTC) + timedelta(hours=1)
    monkeypatch.setattr("ct_assets.sources.incremental.merged_rows.datetime", Clock(later))
    assert [row[0] for row in shop.rows()] == [2]


class Clock:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self, _: object) -> datetime:
        return self._now


def test_other_columns_or_another_declaration_have_all_rows_read(tmp_path: Path) -> None:
    shop = sqlite_shop(tmp_path)
    shop.run("insert into person values (1, 'a', 10), (2, 'b', 20)")
    shop.read()
    shop.run("alter table person add column mail text")

    assert shop.rows() == [(1, "a", 10, None), (2, "b", 20, None)]
    shop.run("update person set name = 'new' where id = 1")
    declared = shop.source.source.model_copy(update={"table": "main.person"})
    shop.source = DeclaredSource(declared, tmp_path, tmp_path, shop.source.connections)
    assert shop.rows() == [(1, "new", 10, None), (2, "b", 20, None)]


def test_a_decimal_that_gains_places_is_merged(tmp_path: Path) -> None:
    shop = duckdb_shop(tmp_path)
    shop.run("create table sums (id int, seen int, total decimal(9, 2))")
    spec = {"column": "seen", "key": "id"}
    shop.source = DeclaredSource(
        parse({"asset": "shop/person", "sql": "select * from sums", "incremental": spec}),
        tmp_path, tmp_path,
    )  # fmt: skip
    shop.run("insert into sums values (1, 1, 1.25)")
    shop.read()
    shop.run("alter table sums alter total type decimal(9, 4)")
    shop.run("insert into sums values (2, 2, 1.0625)")

    assert [str(row[2]) for row in shop.rows()] == ["1.2500", "1.0625"]


def test_the_key_is_that_of_the_table_if_none_is_declared(tmp_path: Path) -> None:
    for shop in (sqlite_shop(tmp_path, key=None), duckdb_shop(tmp_path, key=None)):
        seen = ("10", "20") if "shop" in shop.source.place else ("'2024-01-01'", "'2024-02-01'")
        if "shop" not in shop.source.place:
            with pytest.raises(UserError, match="the table has no primary key; write the columns"):
                shop.read()
            shop.run("alter table person add primary key (id)")
        shop.run(f"insert into person values (1, 'a', {seen[0]}), (2, 'b', {seen[1]})")
        shop.read()
        shop.run("update person set name = name || '!'")

        assert [row[1] for row in shop.rows()] == ["a", "b!"]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"key": "name"}, "the key 'name' of `incremental` has one value in several rows; name"),
        (
            {"key": ["name", "seen"]},
            "the key 'name' and 'seen' of `incremental` has no value in some",
        ),
        ({"key": "idd"}, "no column 'idd' (wanted by `incremental.key`); did you mean 'id'?"),
        (
            {"column": "sen"},
            "no column 'sen' (wanted by `incremental.column`); did you mean 'seen'?",
        ),
        ({"column": "zz"}, "no column 'zz' (wanted by `incremental.column`)"),
        (
            {"column": "name"},
            "column 'name' of `incremental` is of type String, and must be a",
        ),
    ],
)
def test_what_cannot_be_merged_is_refused(tmp_path: Path, spec: dict[str, Any], told: str) -> None:
    shop = sqlite_shop(tmp_path, **spec)
    shop.run("insert into person values (1, 'a', 10), (2, 'a', 20), (3, 'c', null)")

    with pytest.raises(UserError) as caught:
        shop.read()

    assert told in str(caught.value)
    assert str(caught.value).startswith("shop/person")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "(wanted by `incremental.column`); did you mean 'seen'?"),
        ({"watermark": "sen"}, "(wanted by `watermark`); did you mean 'seen'?"),
    ],
)
def test_a_column_that_is_not_there_is_told_by_its_setting_before_any_row_is_read(
    tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    shop = duckdb_shop(tmp_path)
    spec = {"column": "seen" if settings else "sen", "key": "id"}
    for label in ("person", "sql"):
        rows = {"table": "person"} if label == "person" else {"sql": "select * from person"}
        declared = parse({"asset": "shop/person", "incremental": spec, **rows, **settings})
        shop.source = DeclaredSource(declared, tmp_path, tmp_path)

        for look in (shop.read, lambda: shop.source.state(shop.warehouse)):
            with pytest.raises(UserError) as caught:
                look()
            assert str(caught.value) == f"shop/person ({label}): no column 'sen' {told}"


STEP = st.tuples(st.sampled_from(["insert", "update", "null", "equal", "late"]), st.integers(0, 9))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(STEP, max_size=6), min_size=2, max_size=4))
def test_rows_are_those_of_a_full_read(runs: Sequence[Sequence[tuple[str, int]]]) -> None:
    """However late within the lookback, equal to the last watermark, or without one."""
    with tempfile.TemporaryDirectory() as folder:
        shop = sqlite_shop(Path(folder), lookback=3)
        clock, ids = itertools.count(10), itertools.count(100)
        now = next(clock)
        for steps in runs:
            for what, id_ in steps:
                if what == "insert":
                    now = next(clock)
                    shop.run(f"insert into person values ({next(ids)}, 'x', {now})")
                else:
                    at = {"update": now + 1, "null": "null", "equal": now, "late": now - 3}[what]
                    now = next(clock) if what == "update" else now
                    shop.run(f"insert or replace into person values ({id_}, '{what}{now}', {at})")
            assert shop.rows() == shop.all_rows()
