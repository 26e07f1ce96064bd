"""Rows of a Postgres into a snapshot, beside the bare driver in the same run."""

import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse as declaration
from ct_assets.staging import Staging
from ct_assets_tests.sources.connections.postgres_server import PostgresServer

pytestmark = pytest.mark.bench

ROWS = int(os.environ.get("CT_BENCH_CONNECTION_ROWS", "10_000_000"))
PEAK_MB = 700
PEOPLE = """
create unlogged table people as
select i::bigint as id, 'c' || i as customer_no, 'Ada ' || i as name,
'ada' || i || '@example.org' as email, '+4930' || (1000000 + i) as phone, (i % 90 + 10)::int as age,
(i * 1.37 % 10000)::numeric(12,2) as revenue, (i % 2 = 0) as vip,
timestamptz '2020-01-01' + i * interval '1 minute' as created_at,
date '1960-01-01' + (i % 20000)::int as born,
case when i % 3 = 0 then 'IN' else 'DE' end as country,
case when i % 5 = 0 then null else 'Berlin ' || (i % 1000) end as city,
jsonb_build_object('a', i, 'b', 'x') as extra, (i::float8 / 7) as score
from generate_series(1, {rows}) i
"""
TIMED = """
import resource, sys, time
import adbc_driver_postgresql.dbapi as dbapi
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.drivers import database_of
from pathlib import Path
url, query, into = sys.argv[1:]
begun = time.monotonic()
if into:
    database = database_of(parse({"name": "shop", "url": url}), url)
    ConnectionRows(database, query, "people").snapshot(Path(into))
else:
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        for _ in cursor.fetch_record_batch():
            pass
seconds = time.monotonic() - begun
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def timed(server: PostgresServer, rows: int, into: Path | None) -> tuple[float, float]:
    """Seconds and peak megabytes of a process that reads so many rows."""
    query = f"select * from people limit {rows}"
    command = [sys.executable, "-c", TIMED, server.url(), query, str(into or "")]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(found[0]), float(found[1])


def test_it_is_as_fast_as_the_driver_in_memory_that_does_not_grow(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    postgres.run("drop table if exists people", PEOPLE.format(rows=ROWS))
    into = tmp_path / "x.parquet"

    pairs = [(timed(postgres, ROWS, None), timed(postgres, ROWS, into)) for _ in range(3)]
    _, few = timed(postgres, ROWS // 5, into)

    bare, ours = (min(seconds for seconds, _ in runs) for runs in zip(*pairs, strict=True))
    many = max(peak for _, (_, peak) in pairs)
    print(f"{ROWS / ours:,.0f} rows/s, {bare / ours:.2f} x the bare driver, {many:.0f} MB at most,"
          f" {few:.0f} MB of a fifth of the rows")  # fmt: skip
    assert bare / ours >= 0.6
    assert many <= few * 1.1
    assert many <= PEAK_MB


def test_of_a_table_that_changed_a_little_the_server_sends_a_little(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    changed = ROWS // 1000
    postgres.run(
        "drop table if exists people",
        PEOPLE.format(rows=ROWS),
        "create index on people (created_at)",
    )
    url = postgres.url()
    connection = DeclaredConnection(parse({"name": "shop", "url": url}), lambda: url)
    spec = {"column": "created_at", "key": "id", "lookback": "1m", "full_every": "700d"}
    declared = declaration(
        {"asset": "shop/people", "connection": "shop", "table": "people", "incremental": spec}
    )
    source = DeclaredSource(declared, tmp_path, tmp_path, {"shop": connection})
    staging, told = Staging(tmp_path / "staging"), list[str]()
    warehouse = Warehouse(tmp_path / "none", waiting=told.append)

    def read() -> float:
        begun = time.process_time()
        with staging.draft(("shop", "people")) as draft:
            source.snapshot(draft, warehouse, staging.current_or_none(("shop", "people")))
            staging.publish(draft)
        return time.process_time() - begun

    full = read()
    newest = "(select max(created_at) from people) + interval '1 hour'"
    postgres.run(
        f"update people set name = 'new', created_at = {newest} where id % 1000 = 0",
        "analyze people",
    )
    again = read()

    rows = [int(text.split(": ")[1].split(" rows")[0].replace(",", "")) for text in told
            if ", from Postgres" in text]  # fmt: skip
    print(
        f"{rows} rows were sent; the second read takes {again / full:.2f} of the first's CPU time"
    )
    assert rows[0] == ROWS
    assert changed <= rows[1] <= changed + 2
    new = staging.current(("shop", "people")).scan().filter(name="new")
    assert new.select(pl.len()).collect().item() == changed
