"""From a table in Postgres to a snapshot: speed beside the bare driver's, memory, changed rows."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as dbapi
import pytest

from ct_assets.sources.connections.connection_spec import parse as parse_connection
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse
from ct_assets.staging import Staging
from ct_assets_tests.benchmarks.measure import MILLION, measured, record
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


@pytest.fixture(scope="module")
def shop(postgres: PostgresServer) -> Iterator[PostgresServer]:
    postgres.run("create database crowd")
    postgres.run(
        PEOPLE.format(rows=ROWS),
        "create index on person (id)",
        "create index on person (updated_at)",
        "vacuum analyze person",
        database="crowd",
    )
    yield postgres
    postgres.run("drop database crowd with (force)")


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
    incremental = {"column": "updated_at", "key": "id", "lookback": "0s"}
    source = {"sql": "select * from person", "incremental": incremental}
    shop.run(
        "update person set updated_at = updated_at + interval '1 day' where id = 1",
        database="crowd",
    )
    first = measured(staged, tmp_path, url, source)
    later = datetime(2026, 6, 1, tzinfo=UTC).isoformat()
    shop.run(
        f"update person set updated_at = '{later}' where id % 1000 = 5",
        "vacuum analyze person",
        database="crowd",
    )
    before = fetched(shop)
    again = measured(staged, tmp_path, url, source)
    scanned, by_index = (now - then for now, then in zip(fetched(shop), before, strict=True))

    ratio, reference = again.cpu / first.cpu, "the CPU of reading all rows"
    record("source, Postgres, changed rows", CHANGED, again, ratio=ratio, reference=reference)
    assert scanned == 0
    assert CHANGED <= by_index <= CHANGED + 10
