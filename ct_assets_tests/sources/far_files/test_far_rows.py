import io
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.far_files.object_store import FarFile, ObjectStore
from ct_assets.sources.source import parse
from ct_assets.staging import Staging
from ct_assets_tests.store.s3_server import s3_server

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def bucket() -> Iterator[Any]:
    with s3_server() as server:
        yield server.bucket("shop")


def put(client: Any, key: str, frame: pl.DataFrame | str) -> None:
    content = io.BytesIO()
    if isinstance(frame, str):
        content.write(frame.encode())
    else:
        frame.write_parquet(content)
    client.put_object(Bucket="shop", Key=key, Body=content.getvalue())


def source(file: str, **settings: Any) -> DeclaredSource:
    declared = parse({"asset": "shop/person", "file": file, **settings})
    return DeclaredSource(declared, Path(), Path())


def read(declared: DeclaredSource, folder: Path) -> pl.DataFrame:
    with Staging(folder).draft(("shop", "person")) as draft:
        declared.snapshot(draft, Warehouse(folder / "none"))
        assert [file.name for file in draft.folder.iterdir()] == ["data.parquet"]
        return draft.scan().collect()


def test_parquet_files_of_folders_that_give_columns(bucket: Any, tmp_path: Path) -> None:
    for country, ids in (("IN", [1, 2]), ("DE", [3]), ("__HIVE_DEFAULT_PARTITION__", [4])):
        put(bucket, f"people/country={country}/zip=0171/a.parquet", pl.DataFrame({"id": ids}))
    put(bucket, "people/_SUCCESS", "")

    frame = read(source("s3://shop/people/**/*.parquet"), tmp_path).sort("id")

    assert frame.rows() == [
        (1, "IN", "0171"), (2, "IN", "0171"), (3, "DE", "0171"), (4, None, "0171"),
    ]  # fmt: skip
    assert frame.columns == ["id", "country", "zip"]


def test_columns_of_folders_have_types_and_watermarks(bucket: Any, tmp_path: Path) -> None:
    for day, ids in (("2024-01-31", "1\n2\n"), ("2024-02-01", "3\n")):
        put(bucket, f"days/day={day}/a.csv", f"id\n{ids}")
    declared = source(
        "s3://shop/days/*/*.csv", types={"day": "date", "id": "integer"}, watermark="day"
    )
    warehouse = Warehouse(tmp_path / "none")

    with Staging(tmp_path).draft(("shop", "person")) as draft:
        declared.snapshot(draft, warehouse)
        rows, noted = draft.scan().collect().sort("id").rows(), draft.meta.source

    assert rows == [(1, date(2024, 1, 31)), (2, date(2024, 1, 31)), (3, date(2024, 2, 1))]
    assert noted is not None
    assert noted.state == declared.state(warehouse) == "2024-02-01"
    assert declared.rows(warehouse).count(("day", "2024-01-31")) == 1
    assert declared.rows(warehouse).count(("id", "1")) == 2
    assert declared.rows(warehouse).count(("day", "2024-02-01")) == 0
    put(bucket, "days/day=soon/a.csv", "id\n4\n")
    with pytest.raises(UserError, match=r"the folder day=soon is no date; rename it, or leave"):
        read(declared, tmp_path)


def test_each_object_is_fetched_once_for_the_rows_and_their_watermark(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "once/a.csv", "id\n1\n")
    fetched: list[str] = []
    fetch = ObjectStore.fetch

    def noted(store: ObjectStore, files: Sequence[FarFile], folder: Path) -> list[Path]:
        fetched.extend(file.path for file in files)
        return fetch(store, files, folder)

    monkeypatch.setattr(ObjectStore, "fetch", noted)

    read(source("s3://shop/once/a.csv", watermark="id"), tmp_path)

    assert fetched == ["once/a.csv"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("[!ab].csv", ["^", "c", "d"]),
        ("[ab].csv", ["a", "b"]),
        ("[a-c].csv", ["a", "b", "c"]),
        ("[^a].csv", ["^", "a"]),
        ("?.csv", ["^", "a", "b", "c", "d"]),
    ],
)
def test_patterns_are_those_of_a_shell(bucket: Any, pattern: str, names: list[str]) -> None:
    for name in ("a", "b", "c", "d", "^"):
        put(bucket, f"named/{name}.csv", "id\n1\n")

    found = ObjectStore(f"s3://shop/named/{pattern}").files()

    assert [file.path for file in found] == [f"named/{name}.csv" for name in names]


def test_an_object_that_went_meanwhile_is_told(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, "gone/a.csv", "id\n1\n")
    gone = FarFile("gone/b.csv", "")
    monkeypatch.setattr(ObjectStore, "files", lambda _: [gone])

    with pytest.raises(UserError, match="a file went while it was read; read it again"):
        read(source("s3://shop/gone/*.csv"), tmp_path)


def test_csv_files_are_read_as_those_of_this_machine(bucket: Any, tmp_path: Path) -> None:
    put(bucket, "csv/a.csv", "id;age\n0171;7\n")
    put(bucket, "csv/b.csv", "id;age\n2;NULL\n")
    declared = source("s3://shop/csv/?.csv", types={"age": "integer"}, nulls=["NULL"])

    frame = read(declared, tmp_path)

    assert frame.rows() == [("0171", 7), ("2", None)]
    put(bucket, "csv/c.csv", "id;age\n3;canary\n")
    with pytest.raises(
        UserError, match=r"'age' has a value that is no integer, .* c.csv"
    ) as caught:
        read(declared, tmp_path)
    assert "canary" not in str(caught.value)


def test_a_change_in_the_bucket_is_seen(bucket: Any, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "none")
    put(bucket, "one/a.csv", "id,n\n1,a\n")
    declared = source("s3://shop/one/*.csv")

    before, same = declared.state(warehouse), declared.state(warehouse)
    put(bucket, "one/a.csv", "id,n\n1,b\n")

    assert before == same
    assert declared.state(warehouse) != before
    assert source("s3://shop/one/a.csv", watermark="id").state(warehouse) == "1"


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("s3://shop/one/nothing*.csv", "no file matches 's3://shop/one/nothing*.csv'"),
        ("s3://nobucket/*.csv", "there is no bucket nobucket"),
    ],
)
def test_what_is_not_there_is_told(bucket: Any, tmp_path: Path, file: str, told: str) -> None:
    put(bucket, "one/a.csv", "id,n\n1,a\n")

    with pytest.raises(UserError) as caught:
        read(source(file), tmp_path)

    assert told in str(caught.value)
    assert str(caught.value).startswith("shop/person: ")
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_folders_whose_files_differ_are_refused(bucket: Any, tmp_path: Path) -> None:
    put(bucket, "mixed/day=1/a.parquet", pl.DataFrame({"id": [1]}))
    put(bucket, "mixed/day=2/a.parquet", pl.DataFrame({"id": ["a"]}))

    with pytest.raises(UserError, match=r"the files of day=1 and day=2 have different .*'id'"):
        read(source("s3://shop/mixed/*/*.parquet"), tmp_path)


def test_folders_are_united_by_the_names_of_columns(bucket: Any, tmp_path: Path) -> None:
    put(bucket, "grown/day=1/a.parquet", pl.DataFrame({"id": [1], "n": [None]}))
    put(bucket, "grown/day=2/a.parquet", pl.DataFrame({"n": [1.5], "id": [2], "age": ["7"]}))
    put(bucket, "grown/day=2/b.parquet", pl.DataFrame({"id": [3], "n": [2]}))
    declared = source("s3://shop/grown/*/*.parquet", types={"age": "integer", "day": "integer"})

    frame = read(declared, tmp_path).sort("id").select("id", "n", "age", "day")

    assert frame.rows() == [(1, None, None, 1), (2, 1.5, 7, 2), (3, 2.0, None, 2)]
    with pytest.raises(
        UserError, match=r"no column 'agee' .wanted by `types`.; did you mean 'age'"
    ):
        read(source("s3://shop/grown/*/*.parquet", types={"agee": "integer"}), tmp_path)
    put(bucket, "csvs/day=1/a.csv", "id\n1\n")
    put(bucket, "csvs/day=2/a.csv", "id,n\n2,3\n")
    with pytest.raises(UserError, match=r"the files of day=1 and day=2 have different .*'n'"):
        read(source("s3://shop/csvs/*/*.csv"), tmp_path)
