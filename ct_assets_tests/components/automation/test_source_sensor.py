import os
from dataclasses import replace
from pathlib import Path

import pytest

from ct_assets.components.automation.source_sensor import SourceCursor, leader
from ct_assets.mapping import Sync, parse
from ct_assets.mapping.declaration.sync_parts import OnChange
from ct_assets.snapshot_meta import SnapshotMeta, SourceMeta
from ct_assets_tests.components.automation.source_shop import NEVER, Shop


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
