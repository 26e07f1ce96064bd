"""Reads a query of the Postgres of a test, as a sync reads it."""

from pathlib import Path
from typing import Any

import polars as pl

from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.drivers import database_of
from ct_assets_tests.sources.connections.postgres_server import PostgresServer


def rows(server: PostgresServer, query: str, *, url: str = "", **settings: Any) -> ConnectionRows:
    url = url or server.url(database="shop")
    spec = parse({"name": "shop", "url": url, **settings})
    return ConnectionRows(database_of(spec, url), query, "shop/person (sql)")


def read(source: ConnectionRows, folder: Path) -> pl.DataFrame:
    source.snapshot(folder / "x.parquet")
    assert [file.name for file in folder.iterdir()] == ["x.parquet"]
    return pl.read_parquet(folder / "x.parquet")
