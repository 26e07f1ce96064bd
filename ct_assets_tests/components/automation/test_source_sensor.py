import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from ct_assets.components.automation.source_sensor import SourceCursor, leader, look
from ct_assets.mapping import Sync, parse
from ct_assets.mapping.declaration.sync_parts import OnChange
from ct_assets.snapshot_meta import SnapshotMeta, SourceMeta
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse as parse_source
from ct_assets.staging import Staging

NEVER = SourceCursor()
WRITES = """
import duckdb, os, sys
duckdb.connect(sys.argv[1]).execute("insert into person values (2)")
os._exit(9)
"""


class Shop:
    """A source of one CSV file, and the staging that its rows are read into."""

    def __init__(self, root: Path, **declared: object) -> None:
        self.csv = root / "customer.csv"
        self.staging = Staging(root / "staging")
        self.warehouse = Warehouse(root / "warehouse.duckdb")
        source = parse_source({"asset": "shop/customer", "file": "customer.csv", **declared})
        self.declared = DeclaredSource(source, root, root)
        self._clock = 1_000_000_000

    def write(self, *ids: int) -> None:
        self.csv.write_text("id\n" + "".join(f"{n}\n" for n in ids))
        self._clock += 1
        os.utime(self.csv, (self._clock, self._clock))

    def read(self) -> None:
        with self.staging.draft(("shop", "customer")) as draft:
            self.declared.snapshot(draft, self.warehouse)
            self.staging.publish(draft)

    def look(
        self,
        last: SourceCursor,
        wait: OnChange | None = None,
        at: float = 0,
        elsewhere: str = "",
    ) -> tuple[SourceCursor, str]:
        wait = wait or OnChange()
        return look(
            self.declared, last, wait, self.staging, self.warehouse, at, lambda _: elsewhere
        )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    shop.write(1, 2)
    return shop


def test_what_was_never_read_is_read(shop: Shop) -> None:
    assert shop.look(NEVER)[1] == ""


def test_a_change_is_asked_for_once(shop: Shop) -> None:
    shop.read()
    seen, why = shop.look(NEVER)
    assert why == "nothing has changed"

    shop.write(1, 2, 3)

    asked, why = shop.look(seen)
    assert why == ""
    assert shop.look(asked)[1] == "this change was asked for already"
    shop.read()
    assert shop.look(asked)[1] == "nothing has changed"


def test_a_change_that_was_not_read_is_asked_for_again(shop: Shop) -> None:
    asked, _ = shop.look(NEVER, at=100)

    assert shop.look(asked, at=699)[1] == "this change was asked for already"
    again, why = shop.look(asked, at=700)
    assert why == ""
    assert shop.look(again, at=701)[1] == "this change was asked for already"


def test_a_change_back_is_a_change(shop: Shop) -> None:
    shop.read()
    shop.write(1)
    asked, _ = shop.look(NEVER)
    shop.read()

    shop.write(1, 2)

    assert shop.look(asked)[1] == ""


def test_it_waits_for_rows_or_minutes(shop: Shop) -> None:
    wait = OnChange(rows=3, minutes=10)
    shop.read()
    shop.write(1, 2, 3, 4)

    waiting, why = shop.look(NEVER, wait, at=100)
    assert why == "2 of 3 rows have changed so far"
    assert shop.look(waiting, wait, at=699)[1] == "2 of 3 rows have changed so far"
    assert shop.look(waiting, wait, at=700)[1] == ""
    shop.write(1, 2, 3, 4, 5)
    assert shop.look(waiting, wait, at=101)[1] == ""


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


def test_rows_that_cannot_be_counted_are_waited_for_no_longer(shop: Shop) -> None:
    wait = OnChange(rows=3, minutes=10)
    shop.read()
    shop.csv.write_bytes(b"id\n\xff\n")

    waiting, why = shop.look(NEVER, wait, at=100)

    assert why == (
        "shop/customer: customer.csv: line 2 is not UTF-8; save the file as UTF-8, or declare its "
        "`encoding`, such as windows-1252"
    )
    assert shop.look(waiting, wait, at=700)[1] == ""


def test_a_wait_that_is_over_does_not_start_again_when_reading_fails(shop: Shop) -> None:
    wait = OnChange(minutes=60)
    shop.read()
    shop.write(1)
    waiting, _ = shop.look(NEVER, wait, at=0)
    asked, why = shop.look(waiting, wait, at=3600)
    assert why == ""

    asked, why = shop.look(asked, wait, at=4200)
    assert why == ""
    shop.read()
    shop.write(1, 2)
    assert shop.look(asked, wait, at=4201)[1] == "waits for 60 minutes since the first change"


def test_a_query_that_was_edited_is_read_anew(shop: Shop) -> None:
    shop.read()
    assert shop.look(NEVER)[1] == "nothing has changed"

    edited = shop.declared.source.model_copy(update={"types": {"id": "integer"}})
    shop.declared = replace(shop.declared, source=edited)

    assert shop.look(NEVER)[1] == ""
    shop.read()
    assert shop.look(NEVER)[1] == "nothing has changed"


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


CSV_AS_NOTED_BY_0_1 = "[({path!r}, {size}, {written})]"


def noted_by_version_0_1(shop: Shop) -> SourceCursor:
    """As its snapshot and its cursor were left, a minute after the source had been read."""
    stat = shop.csv.stat()
    state = CSV_AS_NOTED_BY_0_1.format(
        path=str(shop.csv), size=stat.st_size, written=stat.st_mtime_ns
    )
    meta = SnapshotMeta(source=SourceMeta(state=state, code=shop.declared.code_version))
    shop.staging.amend(("shop", "customer"), None, meta)
    return SourceCursor(asked=f"{shop.declared.code_version} {state}", at=100, since=100)


def test_what_version_0_1_has_read_is_not_read_again(shop: Shop) -> None:
    shop.read()
    before = noted_by_version_0_1(shop)

    adopted, why = shop.look(before, at=1000)
    assert why == "nothing has changed"
    assert shop.look(adopted, at=2000) == (adopted, "nothing has changed")

    beside, stat = shop.csv.with_suffix(".new"), shop.csv.stat()
    beside.write_text("id\n1\n3\n")
    os.utime(beside, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    beside.replace(shop.csv)  # of the same size, and written at the same time

    asked, why = shop.look(adopted, at=3000)
    assert why == ""
    assert shop.look(asked, at=3001)[1] == "this change was asked for already"
    shop.read()
    assert shop.look(asked, at=3002) == (NEVER, "nothing has changed")


def test_a_change_since_version_0_1_is_read(shop: Shop) -> None:
    shop.read()
    before = noted_by_version_0_1(shop)

    shop.write(1, 2, 3)

    assert shop.look(before, at=1000)[1] == ""


def test_what_runs_have_read_into_another_folder_is_not_asked_for_again(shop: Shop) -> None:
    asked, _ = shop.look(NEVER, at=100)
    told = "run 1 has read it elsewhere"

    assert shop.look(asked, at=800, elsewhere=told) == (asked, told)
    assert shop.look(asked, at=101, elsewhere=told) == (asked, told)
    shop.write(1, 2, 3)
    assert shop.look(asked, at=900, elsewhere=told)[1] == ""


def following(name: str, source: str = "shop/all", **more: object) -> Sync:
    person = {"object": "profile", "identify_by": [{"identity": "id"}], "fields": {"Name": "name"}}
    return parse({"name": name, "source": source, **person, "trigger": "on_change", **more})


def test_a_source_that_many_follow_is_read_for_the_least_patient() -> None:
    slow = {"on_change": {"rows": 100, "minutes": 30}}
    syncs = [
        following("c", trigger=slow),
        following("b", trigger={"on_change": {"rows": 5}}),
        following("a", source="shop/other"),
        following("a2", paused=True),
        following("a3", trigger="0 * * * *"),
    ]

    assert leader(syncs[0], syncs) == ("b", OnChange(rows=5, minutes=30))
    assert leader(syncs[0], [*syncs, following("d")]) == ("b", OnChange())
    assert leader(syncs[2], syncs) == ("a", OnChange())
