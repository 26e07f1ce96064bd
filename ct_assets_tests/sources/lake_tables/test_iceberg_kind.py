import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import (
    DateType,
    DecimalType,
    FloatType,
    ListType,
    LongType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
    UUIDType,
)

from ct_assets.errors import UserError
from ct_assets.mapping.declaration.problems import DeclarationError
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse
from ct_assets.staging import Draft
from ct_assets_tests.store.s3_server import s3_server

COLUMNS = {
    "id": LongType(),
    "country": StringType(),
    "born": DateType(),
    "at": TimestamptzType(),
    "local": TimestampType(),
    "sum": DecimalType(38, 2),
    "score": FloatType(),
    "tags": ListType(50, StringType(), element_required=False),
    "geo": StructType(NestedField(60, "lat", FloatType(), required=False)),
    "code": UUIDType(),
}
CODE = "123e4567-e89b-12d3-a456-426614174000"
FULL = {
    "id": 1, "country": "IN", "born": date(1, 1, 1), "at": datetime(2024, 1, 1, 12, tzinfo=UTC),
    "local": datetime(9999, 12, 31, 23, 59, 59), "sum": Decimal("-2.50"), "score": 0.5,
    "tags": ["a", None], "geo": {"lat": 1.5}, "code": CODE,
}  # fmt: skip
EMPTY = dict.fromkeys(COLUMNS) | {"id": 2}


class Lake:
    """A catalog, and the table shop.person in it."""

    def __init__(self, folder: Path, warehouse: str | None = None, **properties: str) -> None:
        self.folder = folder
        self.address = warehouse or f"file://{folder}/wh"
        uri = f"sqlite:///{folder / 'catalog.sqlite'}"
        self.catalog = SqlCatalog("lake", uri=uri, warehouse=self.address, **properties)
        self.catalog.create_namespace("shop")
        columns = enumerate(COLUMNS.items(), 1)
        fields = [NestedField(n, name, kind, required=False) for n, (name, kind) in columns]
        self.table = self.catalog.create_table("shop.person", schema=Schema(*fields))

    def append(self, *rows: dict[str, Any]) -> None:
        coded = [
            {**row, "code": uuid.UUID(row["code"]).bytes if row.get("code") else None}
            for row in rows
        ]
        self.table.append(pa.Table.from_pylist(coded, schema=self.table.schema().as_arrow()))

    def source(self, iceberg: str = "wh/shop/person", **settings: Any) -> DeclaredSource:
        declared = parse({"asset": "a/b", "iceberg": iceberg, **settings})
        return DeclaredSource(declared, self.folder, self.folder)

    def state(self, **settings: Any) -> str:
        return self.source(**settings).state(Warehouse(self.folder / "none"))

    def read(self, *args: str, **settings: Any) -> list[dict[str, Any]]:
        draft = Draft(self.folder)
        self.source(*args, **settings).snapshot(draft, Warehouse(self.folder / "none"))
        return draft.scan().collect().sort("id").to_dicts()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_rows_arrive_in_their_types(lake: Lake) -> None:
    assert lake.read() == []
    lake.append(FULL, EMPTY)

    assert lake.read() == [FULL, EMPTY]
    schema = pl.read_parquet_schema(lake.folder / "data.parquet")
    assert schema["at"] == pl.Datetime("us", "UTC")
    assert schema["code"] == pl.String()


def test_a_table_is_named_by_its_metadata_or_in_a_catalog(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.append(FULL)
    metadata = lake.table.metadata_location.removeprefix("file://")
    assert lake.read(metadata) == [FULL]
    assert lake.read(str(Path(metadata).relative_to(lake.folder))) == [FULL]
    prefix = "PYICEBERG_CATALOG__LAKE"
    monkeypatch.setenv(f"{prefix}__URI", f"sqlite:///{lake.folder / 'catalog.sqlite'}")
    monkeypatch.setenv(f"{prefix}__WAREHOUSE", lake.address)
    environment = pyiceberg_environment(monkeypatch)

    assert lake.read("shop.person", catalog="lake") == [FULL]
    assert environment == ["lake"]
    with pytest.raises(UserError, match=r"a/b: shop\.persn: there is no Iceberg table"):
        lake.read("shop.persn", catalog="lake")
    with pytest.raises(UserError, match=r"shop\.person: it cannot be read as an Iceberg table"):
        lake.read("shop.person", catalog="laek")


def pyiceberg_environment(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """PyIceberg reads its environment once, when it is imported; has it read again."""
    import pyiceberg.catalog
    from pyiceberg.utils.config import Config

    monkeypatch.setattr(pyiceberg.catalog, "_ENV_CONFIG", Config())
    return pyiceberg.catalog._ENV_CONFIG.get_known_catalogs()


def test_the_snapshot_tells_a_change(lake: Lake) -> None:
    lake.append(FULL, EMPTY)
    before = lake.state()
    assert lake.state() == before
    assert before.startswith("snapshot ")

    lake.table.delete("id = 2")
    deleted = lake.state()
    with lake.table.update_schema() as update:
        update.rename_column("score", "points")

    assert len({before, deleted, lake.state()}) == 3
    (row,) = lake.read()
    assert row["points"] == 0.5
    lake.append({"id": 3, "points": None})
    assert [row["id"] for row in lake.read()] == [1, 3]


def test_a_read_keeps_to_the_snapshot_that_it_began_with(lake: Lake) -> None:
    lake.append(FULL)
    rows = lake.source().rows(Warehouse(lake.folder / "none"))
    state = rows.written()
    lake.append(EMPTY)

    rows.snapshot(lake.folder / "x.parquet")

    assert state == rows.written()
    assert pl.read_parquet(lake.folder / "x.parquet").height == 1


def test_watermarks(lake: Lake) -> None:
    lake.append(FULL, EMPTY)

    assert lake.state(watermark="at") == "2024-01-01 12:00:00+00:00"
    rows = lake.source().rows(Warehouse(lake.folder / "none"))
    assert (rows.count(None), rows.count(("id", "1"))) == (2, 1)
    with pytest.raises(UserError, match=r"no column 'att' \(wanted by `watermark`\); did you mean"):
        lake.state(watermark="att")


def test_what_cannot_be_read_is_told(lake: Lake) -> None:
    lake.append(FULL)
    with pytest.raises(UserError) as caught:
        lake.read("wh/shop/persn")
    told = "a/b: wh/shop/persn: there is no Iceberg table; did you mean 'person'?"
    assert str(caught.value) == told
    latest = Path(lake.table.metadata_location.removeprefix("file://"))
    twin = latest.with_name(f"00001-{uuid.UUID(int=1)}.metadata.json")
    twin.write_bytes(latest.read_bytes())
    with pytest.raises(UserError, match="has two files of metadata with the number 1, and only"):
        lake.read()
    twin.unlink()
    for file in (lake.folder / "wh/shop/person/data").glob("*.parquet"):
        file.unlink()
    with pytest.raises(UserError, match=r"one of its files cannot be read .* such as by VACUUM"):
        lake.read()
    latest.write_text("canary")
    with pytest.raises(UserError, match="it cannot be read as an Iceberg table") as caught:
        lake.read()
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"iceberg": "https://x/y"}, "iceberg: 'https://x/y' is an address that is not read: only"),
        ({"iceberg": " "}, "iceberg: is empty. Write where the rows come from."),
        ({"types": {"id": "integer"}}, "types: is for files. An Iceberg table has types of its"),
        ({"delta": "a"}, "delta and iceberg are given. Keep one of them."),
        ({"iceberg": None, "file": "a.csv", "catalog": "x"}, "catalog: is for iceberg. Leave it"),
    ],
)
def test_mistakes(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse({"asset": "a/b", "iceberg": "lake/person", **settings})

    assert told in str(caught.value)


@pytest.fixture
def far_lake(tmp_path: Path) -> Iterator[Lake]:
    with s3_server() as server:
        server.bucket("lake")
        properties = {"s3.endpoint": server.address, "s3.region": "us-east-1"}
        keys = {"s3.access-key-id": "canary", "s3.secret-access-key": "canary-secret"}
        yield Lake(tmp_path, "s3://lake/wh", **properties, **keys)


@pytest.mark.services
def test_a_table_in_a_bucket(far_lake: Lake) -> None:
    address = "s3://lake/wh/shop/person"
    far_lake.append(FULL)
    before = far_lake.state(iceberg=address)

    assert far_lake.read(address) == [FULL]
    far_lake.append(EMPTY)
    assert far_lake.state(iceberg=address) != before
    assert far_lake.read(address) == [FULL, EMPTY]
    told = "a/b: (no file matches '|){}(/metadata/|: there is no bucket)"
    for missing in ("s3://lake/none", "s3://nobucket/person"):
        with pytest.raises(UserError, match=told.format(missing)):
            far_lake.read(missing)
