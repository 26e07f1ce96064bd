from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import deltalake
import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.mapping.declaration.problems import DeclarationError
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse
from ct_assets.staging import Draft
from ct_assets_tests.store.s3_server import s3_server

ROWS = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "country": ["IN", "DE", None],
        "born": [date(2024, 1, 31)] * 3,
        "at": pl.Series([datetime(2024, 1, n, 12, tzinfo=UTC) for n in (1, 2, 3)]),
        "sum": pl.Series([Decimal("1.25"), Decimal("-2.5"), None], dtype=pl.Decimal(9, 2)),
        "tags": [["a"], [], None],
        "geo": [{"lat": 1.5}, {"lat": None}, None],
    }
)


def written(address: str, rows: pl.DataFrame = ROWS, **how: Any) -> None:
    deltalake.write_deltalake(address, rows.to_arrow(), **how)


def source(folder: Path, delta: str = "lake/person", **settings: Any) -> DeclaredSource:
    return DeclaredSource(parse({"asset": "a/b", "delta": delta, **settings}), folder, folder)


def read(declared: DeclaredSource, folder: Path) -> pl.DataFrame:
    draft = Draft(folder)
    declared.snapshot(draft, Warehouse(folder / "none"))
    return draft.scan().collect().sort("id")


@pytest.mark.parametrize("partition_by", [None, ["country"], ["born", "country"]])
def test_rows_arrive_in_their_types(tmp_path: Path, partition_by: list[str] | None) -> None:
    written(str(tmp_path / "lake/person"), partition_by=partition_by)

    assert read(source(tmp_path), tmp_path).rows() == ROWS.rows()


def test_the_version_tells_a_change(tmp_path: Path) -> None:
    address, none = str(tmp_path / "lake/person"), Warehouse(tmp_path / "none")
    written(address)
    declared = source(tmp_path)
    before = declared.state(none)
    assert declared.state(none) == before
    assert before.startswith("version 0 of ")

    deltalake.DeltaTable(address).delete("id = 2")

    assert declared.state(none) != before
    assert read(declared, tmp_path)["id"].to_list() == [1, 3]
    written(address, ROWS.with_columns(id=pl.col("id") + 10), mode="append")
    assert read(declared, tmp_path)["id"].to_list() == [1, 3, 11, 12, 13]


def test_a_read_keeps_to_the_version_that_it_began_with(tmp_path: Path) -> None:
    address = str(tmp_path / "lake/person")
    written(address)
    rows = source(tmp_path).rows(Warehouse(tmp_path / "none"))
    state = rows.written()
    written(address, ROWS, mode="append")

    rows.snapshot(tmp_path / "x.parquet")

    assert state == rows.written()
    assert pl.read_parquet(tmp_path / "x.parquet").height == 3


def test_watermarks(tmp_path: Path) -> None:
    none = Warehouse(tmp_path / "none")
    written(str(tmp_path / "lake/person"))

    assert source(tmp_path, watermark="at").state(none) == "2024-01-03 12:00:00+00:00"
    rows = source(tmp_path).rows(none)
    assert (rows.count(None), rows.count(("id", "1"))) == (3, 2)
    assert rows.count(("at", "2024-01-02 12:00:00+00:00")) == 1
    with pytest.raises(UserError, match=r"no column 'att' \(wanted by `watermark`\)"):
        source(tmp_path, watermark="att").state(none)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    address = tmp_path / "lake/person"
    written(str(address))
    with pytest.raises(UserError) as caught:
        read(source(tmp_path, "lake/persn"), tmp_path)
    told = "a/b: lake/persn: there is no Delta table; did you mean 'person'?"
    assert str(caught.value) == told
    for file in address.glob("*.parquet"):
        file.unlink()
    with pytest.raises(UserError, match=r"one of its files cannot be read .* such as by VACUUM"):
        read(source(tmp_path), tmp_path)
    (address / "_delta_log" / f"{0:020}.json").write_text("canary")
    with pytest.raises(UserError, match="it cannot be read as a Delta table") as caught:
        read(source(tmp_path), tmp_path)
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"delta": "https://x/y"}, "delta: 'https://x/y' is an address that is not read: only s3"),
        ({"delta": " "}, "delta: is empty. Write where the rows come from."),
        ({"types": {"id": "integer"}}, "types: is for files. A Delta table has types of its own."),
        ({"skip": 1}, "skip: is for CSV files. Leave it out."),
        ({"connection": "shop"}, "connection: is for table, sql and sql_file, not for a file."),
        ({"file": "a.csv"}, "file and delta are given. Keep one of them."),
    ],
)
def test_mistakes(tmp_path: Path, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        source(tmp_path, **settings)

    assert told in str(caught.value)


@pytest.fixture
def lake() -> Iterator[str]:
    with s3_server() as server:
        server.bucket("lake")
        yield "s3://lake/person"


@pytest.mark.services
def test_a_table_in_a_bucket(lake: str, tmp_path: Path) -> None:
    options = {"AWS_S3_ALLOW_UNSAFE_RENAME": "true"}
    written(lake, partition_by=["country"], storage_options=options)
    declared = source(tmp_path, lake)

    assert read(declared, tmp_path).rows() == ROWS.rows()
    before = declared.state(Warehouse(tmp_path / "none"))
    written(lake, mode="append", storage_options=options)
    assert declared.state(Warehouse(tmp_path / "none")) != before
    assert read(declared, tmp_path).height == 6
    for address in ("s3://lake/none", "s3://nobucket/person"):
        with pytest.raises(
            UserError, match=f"a/b: {address}: (there is no Delta|it cannot be read)"
        ):
            read(source(tmp_path, address), tmp_path)
