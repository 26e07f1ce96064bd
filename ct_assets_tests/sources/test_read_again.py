import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import split_inputs
from ct_assets.snapshot_meta import SourceMeta
from ct_assets.sources import watermark
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse
from ct_assets.staging import Snapshot, Staging

KEY = ("shop", "customer")


class Shop:
    """A source of files, read run after run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.declaration: dict[str, Any] = {"asset": "shop/customer", "file": "customer*.csv"}
        self.staging = Staging(folder / "staging")
        self.told: list[str] = []

    def write(self, text: str, name: str = "customer.csv") -> Path:
        (self.folder / name).write_text(text)
        return self.folder / name

    def read(self) -> Snapshot:
        self.told.clear()
        declared = DeclaredSource(parse(self.declaration), self.folder, self.folder)
        warehouse = Warehouse(self.folder / "w.duckdb", None, waiting=self.told.append)
        with self.staging.draft(KEY) as draft:
            declared.snapshot(draft, warehouse, self.staging.current_or_none(KEY))
            return self.staging.publish(draft)

    @property
    def is_taken_over(self) -> bool:
        return self.told == ["shop/customer: nothing has changed since it was read"]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(watermark, "STEP_SECONDS", -60)  # as if the files were old
    shop = Shop(tmp_path)
    shop.write("id,name\n1,Ada\n2,Bob\n")
    return shop


def test_files_as_they_were_are_not_read_again(shop: Shop) -> None:
    first = shop.read()
    again = shop.read()

    assert shop.is_taken_over
    assert (again.path, again.meta) == (first.path, first.meta)
    assert again.scan().collect().rows() == [("1", "Ada"), ("2", "Bob")]


def test_what_is_taken_over_is_taken_over_again(shop: Shop) -> None:
    shop.read(), shop.read(), shop.read()

    assert shop.is_taken_over


def _other_content(shop: Shop) -> None:
    before = (shop.folder / "customer.csv").stat()
    file = shop.write("id,name\n1,Eve\n2,Bob\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replaced(shop: Shop) -> None:
    before = (shop.folder / "customer.csv").stat()
    file = shop.write("id,name\n1,Eve\n2,Bob\n", "new")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    file.replace(shop.folder / "customer.csv")


def _one_more(shop: Shop) -> None:
    shop.write("id,name\n3,Eve\n", "customer-2.csv")


def _other_types(shop: Shop) -> None:
    shop.declaration["types"] = {"id": "integer"}


@pytest.mark.parametrize("change", [_other_content, _replaced, _one_more, _other_types])
def test_whatever_has_changed_is_read(shop: Shop, change: Any) -> None:
    first = shop.read().scan().collect()
    change(shop)

    assert not shop.read().scan().collect().equals(first)
    assert not shop.is_taken_over


def test_a_watermark_stays(shop: Shop) -> None:
    shop.declaration["watermark"] = "id"
    first = shop.read()

    assert shop.read().meta == first.meta
    assert shop.is_taken_over
    assert isinstance(first.meta.source, SourceMeta)
    assert first.meta.source.state == "2"


def test_another_version_reads_anew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.read()
    monkeypatch.setattr(split_inputs, "_code", lambda: "other")
    shop.read()

    assert not shop.is_taken_over


def test_damaged_rows_are_read_anew(shop: Shop) -> None:
    first = shop.read()
    pl.DataFrame({"id": ["9"]}).write_parquet(first.path)

    assert shop.read().scan().collect().rows() == [("1", "Ada"), ("2", "Bob")]


def test_a_file_that_was_just_written_may_be_written_once_more_unseen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watermark, "STEP_SECONDS", 60)
    shop.read(), shop.read()

    assert not shop.is_taken_over


def test_whoever_was_told_of_files_is_told_again(shop: Shop) -> None:
    shop.declaration["file"] = "*.parquet"
    pl.DataFrame({"id": [1], "name": ["Ada"]}).write_parquet(shop.folder / "a.parquet")
    pl.DataFrame({"id": [2]}).write_parquet(shop.folder / "b.parquet")
    told = []
    for _ in range(2):
        shop.read()
        told.append(list(shop.told))

    assert told == [["a.parquet and 1 more: column 'name' is not in b.parquet, and null there"]] * 2
