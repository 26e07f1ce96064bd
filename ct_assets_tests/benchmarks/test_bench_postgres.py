"""From a table in Postgres to a snapshot, and on to CleverTap: speed, memory, changed rows."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import adbc_driver_postgresql.dbapi as dbapi
import pytest

from ct_assets.sources.connections.connection_spec import parse as parse_connection
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse
from ct_assets.staging import Staging
from ct_assets_tests.benchmarks import chain
from ct_assets_tests.benchmarks.measure import MILLION, Measured, measured, record
from ct_assets_tests.sources.connections.postgres_server import PostgresServer

KEY = ("shop", "person")
ROWS = 10 * MILLION
FEW = 2 * MILLION
CHANGED = ROWS // 1000
MOST_MB = 700
PEOPLE = """
    create table person as select
        n as id, 'First' || n % 1000 as first_name, 'Last' || n % 5000 as last_name,
        'user' || n || '@example.org' as email,
        '+4479460' || lpad((n % 100000)::text, 5, '0') as phone,
        (array['GB', 'DE', 'IN', 'BR'])[1 + n % 4] as country, 'City ' || n % 300 as city,
        n % 7 = 0 as newsletter, n % 50 as visits, ((n % 100000) / 7.0)::numeric(12, 2) as balance,
        n::float8 / 3 as score, date '1950-01-01' + n % 20000 as birthday,
        timestamptz '2020-01-01 00:00+00' + n * interval '1 second' as joined_at,
        timestamptz '2026-01-01 00:00+00' as updated_at
    from generate_series(1, {rows}) as n
"""  # 14 columns


SYNC = {
    "name": "people",
    "object": "profile",
    "source": chain.SOURCE,
    "identify_by": [{"identity": "id"}],
    "fields": {
        "Name": {"template": "{first_name} {last_name}"},
        "Email": "email",
        "Phone": "phone",
        "Country": "country",
        "City": "city",
        "Newsletter": "newsletter",
        "Visits": "visits",
        "Balance": "balance",
        "Score": "score",
        "DOB": "birthday",
        "Joined": "joined_at",
        "Updated": "updated_at",
    },
}
INCREMENTAL = {"column": "updated_at", "key": "id", "lookback": "0s"}


@contextlib.contextmanager
def crowd(postgres: PostgresServer, rows: int) -> Iterator[str]:
    """The URL of a database with a table of so many people."""
    postgres.run("create database crowd")
    postgres.run(
        PEOPLE.format(rows=rows),
        "create index on person (id)",
        "create index on person (updated_at)",
        "vacuum analyze person",
        database="crowd",
    )
    try:
        yield postgres.url(database="crowd")
    finally:
        postgres.run("drop database crowd with (force)")


def change(postgres: PostgresServer, day: int, condition: str) -> None:
    """Changes a value of some people, as of a day of June."""
    moment = datetime(2026, 6, day, tzinfo=UTC).isoformat()
    postgres.run(
        f"update person set visits = visits + 1, updated_at = '{moment}' where {condition}",
        "vacuum analyze person",
        database="crowd",
    )


@pytest.fixture(scope="module")
def shop(postgres: PostgresServer) -> Iterator[PostgresServer]:
    with crowd(postgres, ROWS):
        yield postgres


def drained(url: str, query: str) -> int:
    """Rows that the bare driver hands over, each batch let go."""
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return sum(batch.num_rows for batch in cursor.fetch_record_batch())


def staged(folder: Path, url: str, source: Mapping[str, Any]) -> list[str]:
    """What a read that goes on from the last one says."""
    staging, told = Staging(folder / "staging"), list[str]()
    spec = parse_connection({"name": "crowd", "url": url})
    declared = parse({"asset": "shop/person", "connection": "crowd", **source})
    read = DeclaredSource(
        declared, folder, folder, {"crowd": DeclaredConnection(spec, lambda: url)}
    )
    with staging.draft(KEY) as draft:
        warehouse = Warehouse(folder / "warehouse.duckdb", waiting=told.append)
        read.snapshot(draft, warehouse, staging.current_or_none(KEY))
        staging.publish(draft)
    return told


@pytest.mark.bench
def test_ten_million_rows_are_streamed(tmp_path: Path, shop: PostgresServer) -> None:
    url = shop.url(database="crowd")
    bare = measured(drained, url, "select * from person")
    few = measured(
        staged, tmp_path / "few", url, {"sql": f"select * from person where id <= {FEW}"}
    )
    whole = measured(staged, tmp_path / "whole", url, {"table": "person"})

    ratio, reference = bare.wall / whole.wall, "the speed of the bare driver"
    record("source, Postgres", ROWS, whole, ratio=ratio, reference=reference, few_mb=few.peak_mb)
    assert bare.result == ROWS
    assert whole.peak_mb <= min(MOST_MB, 1.1 * few.peak_mb)
    assert ratio >= 0.6
    assert ROWS / whole.wall >= 250_000


def fetched(shop: PostgresServer) -> tuple[int, int]:
    """(rows that scans of the whole table read, rows that those of an index gave) at the server."""
    shop.run("select pg_stat_force_next_flush()", database="crowd")
    query = "select seq_tup_read, idx_tup_fetch from pg_stat_user_tables where relname = 'person'"
    with dbapi.connect(shop.url(database="crowd")) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        scanned, by_index = cursor.fetchone()
    return scanned, by_index


@pytest.mark.bench
def test_only_rows_that_changed_leave_the_server(tmp_path: Path, shop: PostgresServer) -> None:
    url = shop.url(database="crowd")
    source = {"sql": "select * from person", "incremental": INCREMENTAL}
    change(shop, 1, "id = 1")
    first = measured(staged, tmp_path, url, source)
    change(shop, 2, "id % 1000 = 5")
    before = fetched(shop)
    again = measured(staged, tmp_path, url, source)
    scanned, by_index = (now - then for now, then in zip(fetched(shop), before, strict=True))

    ratio, reference = again.cpu / first.cpu, "the CPU of reading all rows"
    record("source, Postgres, changed rows", CHANGED, again, ratio=ratio, reference=reference)
    assert scanned == 0
    assert CHANGED <= by_index <= CHANGED + 10


def synced(folder: Path, **source: Any) -> Measured:
    """Both runs of Dagster, from the database to the folded state."""
    folder.mkdir(exist_ok=True)
    return measured(chain.materialize, folder, {"connection": "crowd", **source}, SYNC)


def told(name: str, rows: int, found: Measured, ratio: float, reference: str) -> None:
    seconds = {k: v for k, v in found.result.items() if k.endswith(("CPU", " s"))}
    record(name, rows, found, ratio=ratio, reference=reference, **seconds)


@pytest.mark.bench
def test_memory_of_the_whole_product_is_flat(tmp_path: Path, shop: PostgresServer) -> None:
    url, reference = shop.url(database="crowd"), "the CPU of the bare driver"
    peaks = {}
    with chain.account(tmp_path) as server, mock.patch.dict(os.environ, CT_BENCH_URL=url):
        for millions in (2, 10):
            rows = millions * MILLION
            query = f"select * from person where id <= {rows}"
            found = synced(tmp_path / "home", sql=query)
            shutil.rmtree(tmp_path / "home")
            ratio = found.cpu / measured(drained, url, query).cpu
            told(f"first sync, Postgres, {millions} M", rows, found, ratio, reference)
            assert (found.result["acked"], server.tally().records) == (rows, rows)
            peaks[millions] = found.peak_mb

    assert peaks[10] <= MOST_MB
    if MILLION == 1_000_000:  # fewer rows do not fill what is bounded
        assert peaks[10] <= 1.1 * peaks[2]


@pytest.mark.bench
def test_a_change_costs_a_fraction_of_a_first_sync(tmp_path: Path, shop: PostgresServer) -> None:
    source = {"sql": "select * from person", "incremental": INCREMENTAL}
    home, url = tmp_path / "home", shop.url(database="crowd")
    with chain.account(tmp_path) as server, mock.patch.dict(os.environ, CT_BENCH_URL=url):
        change(shop, 3, "id = 1")
        first = synced(home, **source)
        assert server.tally().records == ROWS
        change(shop, 4, "id % 1000 = 5")
        before = fetched(shop)
        changed = synced(home, **source)
        scanned, by_index = (now - then for now, then in zip(fetched(shop), before, strict=True))
        assert server.tally().records == CHANGED
        same = synced(home, **source)
        assert server.tally().requests == 0

    reference = "the CPU of the first sync"
    told("first sync, Postgres, incremental", ROWS, first, 1.0, reference)
    for name, found in (("a thousandth changed", changed), ("nothing changed", same)):
        told(f"{name}, Postgres, incremental", ROWS, found, found.cpu / first.cpu, reference)
    assert (scanned, changed.result["unchanged"]) == (0, ROWS - CHANGED)
    assert CHANGED <= by_index <= CHANGED + 10
    assert max(found.peak_mb for found in (first, changed, same)) <= MOST_MB


def test_a_sample(tmp_path: Path, postgres: PostgresServer) -> None:
    source = {"connection": "crowd", "sql": "select * from person", "incremental": INCREMENTAL}
    with (
        crowd(postgres, 1_000) as url,
        chain.account(tmp_path) as server,
        mock.patch.dict(os.environ, CT_BENCH_URL=url),
    ):
        first = chain.materialize(tmp_path, source, SYNC)
        sent = server.tally()
        change(postgres, 1, "id % 100 = 5")
        again = chain.materialize(tmp_path, source, SYNC)
        changed = server.tally()
        same = chain.materialize(tmp_path, source, SYNC)

        assert (first["acked"], sent.records) == (1_000, 1_000)
        assert (again["unchanged"], changed.records) == (990, 10)
        assert (same["unchanged"], server.tally().requests) == (1_000, 0)
