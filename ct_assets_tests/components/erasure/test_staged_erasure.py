from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.components.assets.split.split_step import split_into
from ct_assets.components.erasure.staged_erasure import erase_staged, named_by
from ct_assets.errors import UserError
from ct_assets.io_managers.delivery_requests import KEYS
from ct_assets.mapping import Sync, parse
from ct_assets.row_counts import RowCounts
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.staging import Staging

SOURCE = pl.LazyFrame(
    {
        "id": ["1", "2", None, "na"],
        "mail": ["ada@example.org", "bob@example.org", "li@example.org", "eve@example.org"],
        "cleverid": ["c1", "c2", "c3", "c4"],
        "name": ["Ada", "Bob", "Li", "Eve"],
    }
)
BY_ID = [{"identity": "id"}, {"objectId": "cleverid"}]


def sync(identify_by: list[dict[str, Any]]) -> Sync:
    return parse(
        {
            "name": "customers",
            "object": "profile",
            "source": "shop/customer",
            "identify_by": identify_by,
            "fields": {"Name": "name"},
        }
    )


def stage(staging: Staging, declared: Sync) -> None:
    name = declared.name
    with (
        staging.draft(("shop", "customer")) as source,
        staging.draft((name, "valid")) as valid,
        staging.draft((name, "rejected")) as rejected,
        staging.draft((name, "clevertap")) as report,
    ):
        source.sink(SOURCE)
        valid.meta = SnapshotMeta(split=split_into(declared, SOURCE, valid, rejected))
        report.sink(valid.scan().select(key="_key", kind="_kind", outcome=pl.lit("acked")))
        for draft in (source, valid, rejected, report):
            staging.publish(draft)


def erase(staging: Staging, declared: Sync, kind: str, value: str) -> int:
    return erase_staged(staging, [declared], named_by(staging, [declared], kind, value))


def names(staging: Staging, *key: str, column: str) -> list[str]:
    return sorted(staging.current(key).scan().select(column).collect()[column].to_list())


@pytest.mark.parametrize(("kind", "value"), [("identity", "1"), ("objectId", "c1")])
def test_whoever_is_named_by_any_identifier(tmp_path: Path, kind: str, value: str) -> None:
    staging, declared = Staging(tmp_path), sync(BY_ID)
    stage(staging, declared)

    rows = erase(staging, declared, kind, value)

    assert rows == 3
    assert names(staging, "shop", "customer", column="name") == ["Bob", "Eve", "Li"]
    assert names(staging, "customers", "valid", column="Name") == ["Bob", "Li"]
    assert names(staging, "customers", "rejected", column="name") == ["Eve"]
    assert names(staging, "customers", "clevertap", column="key") == ["2", "c3"]
    keys = pl.read_parquet(staging.current(("customers", "valid")).beside(KEYS))
    assert "1" not in keys["_key"].to_list()


def test_an_identity_that_the_declaration_makes(tmp_path: Path) -> None:
    staging, declared = Staging(tmp_path), sync([{"identity": {"template": "shop-{id}"}}])
    stage(staging, declared)

    erase(staging, declared, "identity", "shop-2")

    assert names(staging, "shop", "customer", column="name") == ["Ada", "Eve", "Li"]
    assert "Bob" not in names(staging, "customers", "valid", column="Name")


def test_a_row_that_was_rejected_for_its_identity(tmp_path: Path) -> None:
    staging, declared = Staging(tmp_path), sync(BY_ID)
    stage(staging, declared)

    erase(staging, declared, "identity", "na")

    assert names(staging, "customers", "rejected", column="name") == []
    assert names(staging, "shop", "customer", column="name") == ["Ada", "Bob", "Li"]


def test_a_snapshot_of_another_shape(tmp_path: Path) -> None:
    staging, declared = Staging(tmp_path), sync(BY_ID)
    with staging.draft(("shop", "customer")) as source:
        source.sink(SOURCE.select("id", "mail"))
        staging.publish(source)

    assert erase(staging, declared, "identity", "1") == 1
    left = names(staging, "shop", "customer", column="mail")
    assert left == ["bob@example.org", "eve@example.org", "li@example.org"]


def test_what_is_said_of_the_rows_left_is_true(tmp_path: Path) -> None:
    staging, declared = Staging(tmp_path), sync(BY_ID)
    stage(staging, declared)

    erase(staging, declared, "identity", "1")

    split = staging.meta(("customers", "valid")).split
    assert split
    assert split.counts == RowCounts(source=3, cut=0, superseded=0, valid=2, rejected=1)
    assert split.counts.violations() == []


@pytest.mark.parametrize("name", ["valid", "rejected", "clevertap"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    staging, declared = Staging(tmp_path), sync(BY_ID)
    stage(staging, declared)
    file = staging.current(("customers", name)).path
    whole = file.read_bytes()
    file.write_bytes(whole[:4] + b"\xff" * (len(whole) // 2) + whole[4 + len(whole) // 2 :])

    with pytest.raises(UserError, match="is damaged, and may have rows of the person; remove its"):
        erase(staging, declared, "identity", "1")


def test_what_a_killed_run_has_left_half_staged_goes_too(tmp_path: Path) -> None:
    staging, declared = Staging(tmp_path), sync(BY_ID)
    stage(staging, declared)
    dead = tmp_path / "customers" / "valid" / "=" / ".18a-dead"
    dead.mkdir()
    SOURCE.sink_parquet(dead / "source.parquet")

    with staging.draft(("customers", "rejected")) as alive:
        erase(staging, declared, "identity", "1")

        assert not dead.exists()
        assert alive.folder.exists()
