"""What docs/pages/recipes/warehouses.md shows to write is run as it stands."""

import re
import sqlite3
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ct_assets.staging import Staging
from ct_assets_tests.components import kit
from ct_assets_tests.sources.connections.postgres_server import PostgresServer

PAGE = Path(__file__).parents[3] / "docs" / "pages" / "recipes" / "warehouses.md"
PERSON = "create table person as select 1 as id, 'ada@example.org' as mail"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def declared(title: str) -> str:
    _, _, behind = PAGE.read_text().partition(f"\n## {title}\n")
    found = re.search(r"```yaml\n(.*?)```", behind.partition("\n## ")[0], re.DOTALL)
    assert found
    return found[1]


def read(root: Path, title: str, asset: str) -> pl.DataFrame:
    result = kit.run(kit.load(root, {"shop/defs.yaml": declared(title)}))
    assert result.success, kit.failure(result)
    return Staging(root / "data" / "staging").current(asset.split("/")).scan().collect()


def test_postgres(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    postgres.run("drop table if exists public.person", PERSON)
    monkeypatch.setenv("SHOP_URL", postgres.url())

    assert read(tmp_path, "Postgres", "shop/person").rows() == [(1, "ada@example.org")]


def test_sqlite(tmp_path: Path, data: Path) -> None:
    with sqlite3.connect(data / "till.sqlite") as connection:
        connection.execute(PERSON)

    assert read(tmp_path, "SQLite", "till/person").rows() == [(1, "ada@example.org")]


def test_duckdb(tmp_path: Path, data: Path) -> None:
    with duckdb.connect(str(data / "lake.duckdb")) as connection:
        connection.execute(PERSON)

    assert read(tmp_path, "DuckDB", "lake/person").rows() == [(1, "ada@example.org")]


@pytest.mark.services
def test_mariadb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ct_assets_tests.sources.connections.mariadb_server import mariadb_server

    with mariadb_server() as server:
        server.run("use shop", PERSON)
        monkeypatch.setenv("CRM_URL", server.url())

        rows = read(tmp_path, "MySQL and MariaDB", "crm/person").rows()

    assert rows == [(1, "ada@example.org")]
