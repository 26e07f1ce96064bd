"""The sensor sees by watermarks, counts and queries whether a source has changed."""

import subprocess
import sys
from pathlib import Path

import duckdb

from ct_assets.mapping.declaration.sync_parts import OnChange
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse as parse_source
from ct_assets.staging import Staging
from ct_assets_tests.components.automation.source_shop import NEVER, Shop

WRITES = """
import duckdb, os, sys
duckdb.connect(sys.argv[1]).execute("insert into person values (2)")
os._exit(9)
"""


def test_a_watermark_sees_rows_that_were_changed_in_place(tmp_path: Path) -> None:
    shop = Shop(tmp_path, types={"id": "integer"}, watermark="id")
    shop.write(8, 9)
    shop.read()

    shop.write(10, 11)

    waiting, why = shop.look(NEVER, OnChange(rows=3))
    assert why == "2 of 3 rows have changed so far"
    assert shop.look(waiting, OnChange(rows=2))[1] == ""


def test_a_rewritten_file_with_the_same_watermark_is_no_change(tmp_path: Path) -> None:
    shop = Shop(tmp_path, watermark="id")
    shop.write(1, 2)
    shop.read()

    shop.write(2, 1)

    assert shop.look(NEVER)[1] == "nothing has changed"


def test_numbers_as_text_are_compared_as_numbers(tmp_path: Path) -> None:
    shop = Shop(tmp_path, watermark="id")
    shop.write(8, 9)
    shop.read()

    shop.write(8, 9, 10, 11)

    assert shop.look(NEVER, OnChange(rows=3))[1] == "2 of 3 rows have changed so far"
    assert shop.look(NEVER)[1] == ""


def test_rows_beyond_an_empty_snapshot_are_counted(tmp_path: Path) -> None:
    shop = Shop(tmp_path, watermark="id")
    shop.write()
    shop.read()

    shop.write(1, 2)

    assert shop.look(NEVER, OnChange(rows=3))[1] == "2 of 3 rows have changed so far"
    assert shop.look(NEVER, OnChange(rows=2))[1] == ""


def test_what_is_not_in_the_database_file_yet_is_a_change(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute("create table person as select 1 as id")
    source = DeclaredSource(parse_source({"asset": "a/b", "table": "person"}), tmp_path, tmp_path)
    before = source.state(warehouse)

    subprocess.run([sys.executable, "-c", WRITES, str(warehouse.database)], check=False)

    assert source.state(warehouse) != before


def test_a_query_has_a_watermark_too(tmp_path: Path) -> None:
    (tmp_path / "seed").mkdir()
    (tmp_path / "seed" / "person.csv").write_text("id,seen\n1,2026-01-01\n2,2026-01-02\n")
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", seed=tmp_path / "seed")
    source = parse_source({"asset": "a/b", "table": "person", "watermark": "seen"})
    declared, staging = (
        DeclaredSource(source, tmp_path, tmp_path),
        Staging(tmp_path / "staging"),
    )
    with staging.draft(("a", "b")) as draft:
        declared.snapshot(draft, warehouse)
        snapshot = staging.publish(draft)
    assert snapshot.meta.source
    assert snapshot.meta.source.state == declared.state(warehouse) == "2026-01-02"

    (tmp_path / "seed" / "person.csv").write_text("id,seen\n1,2026-01-03\n2,2026-01-02\n")

    assert declared.state(warehouse) == "2026-01-03"
    assert declared.changed_rows(snapshot, warehouse) == 1
