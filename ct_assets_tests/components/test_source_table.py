import gzip
from decimal import Decimal
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from ct_assets.components import ClevertapSync, SourceTable
from ct_assets.components.preview.workspace import Workspace
from ct_assets.components.project.registry import catalogue
from ct_assets.errors import UserError
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.staging import Staging
from ct_assets_tests.components import kit

pytestmark = pytest.mark.sampled(2)

CSV = "id,name,mail\n0171,Ada,ada@example.org\n2,Bob,\n"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "customer.csv").write_text(CSV)
    return tmp_path / "data"


def staged(data: Path) -> pl.DataFrame:
    return Staging(data / "staging").current(("shop", "customer")).scan().collect()


def test_a_file_is_read_from_the_project_s_root_as_text(tmp_path: Path, data: Path) -> None:
    defs = kit.load(tmp_path, {"shop/defs.yaml": kit.SOURCE})

    result = kit.run(defs)

    assert result.success
    assert staged(data)["id"].to_list() == ["0171", "2"]
    (event,) = result.asset_materializations_for_node("shop__customer")
    assert event.metadata["dagster/row_count"].value == 2
    assert "dagster/column_schema" in event.metadata


def test_a_mapped_column_that_cannot_be_read_says_why(tmp_path: Path, data: Path) -> None:
    big = pa.array([Decimal(1)], pa.decimal256(76, 38))
    pq.write_table(pa.table({"id": ["1"], "mail": ["a@b.example"], "big": big}), tmp_path / "a.pq")
    sync = kit.CUSTOMERS.replace("Name: name", "Sum: big")
    source = kit.SOURCE.replace("customer.csv", "a.pq")
    defs = kit.load(tmp_path, {"a/defs.yaml": source, "b/defs.yaml": sync})
    told = (
        "fields.Sum: Sync customers: shop/customer has a column 'big', which Sum wants, and it is "
        "left out: a decimal of 76 digits, and 38 are read; write it as text"
    )

    result = kit.run(defs, "shop/customer", "customers/valid", "customers/rejected")

    assert told in kit.failure(result)
    workspace = Workspace(
        syncs=catalogue(defs),
        staging=Staging(data / "staging"),
        warehouse=Warehouse(data / "none"),
        definitions=defs,
    )
    with pytest.raises(UserError) as caught:
        workspace.rows(workspace.sync("customers")).__enter__()
    assert told in str(caught.value)


def test_a_run_reads_what_has_changed_since_the_last(tmp_path: Path, data: Path) -> None:
    data.mkdir()
    warehouse = str(data / "warehouse.duckdb")
    with duckdb.connect(warehouse) as connection:
        connection.execute("create table person (id int primary key, name varchar, seen int)")
        connection.execute("insert into person values (1, 'a', 1), (2, 'b', 2)")
    defs = load(tmp_path, "table: person\n  incremental: {column: seen}")
    assert kit.run(defs).success
    with duckdb.connect(warehouse) as connection:
        connection.execute("update person set name = name || '!'")
        connection.execute("insert into person values (3, 'c', 3)")

    result = kit.run(defs)

    assert result.success, kit.failure(result)
    assert staged(data).rows() == [(1, "a", 1), (2, "b!", 2), (3, "c", 3)]


def test_a_query_beside_the_declaration_reads_the_warehouse(tmp_path: Path, data: Path) -> None:
    at = declared("sql_file: customer.sql")
    query = "select CustomerId from customer\n"
    files = {"shop/defs.yaml": at, "shop/customer.sql": query, "resources.py": kit.WAREHOUSE}

    assert kit.run(kit.load(tmp_path, files)).success

    assert staged(data).height == 59


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("table: customer", [1, 2]),
        ("table: main.customer", [1, 2]),
        ("sql: select CustomerId from customer", [1, 2]),
        ("table: people\n  database: own.duckdb", [7, 8]),
        ("file: exports/*.parquet", [3, 4]),
        ("file: exports/*.csv\n  types: {CustomerId: integer}", [5, 6]),
        ("file: exports/*.ndjson.gz", [9, 10]),
    ],
)
def test_rows_come_from_tables_queries_and_files(
    tmp_path: Path, data: Path, where: str, ids: list[int]
) -> None:
    (tmp_path / "exports").mkdir()
    for id_ in (3, 4):
        pl.DataFrame({"CustomerId": [id_]}).write_parquet(tmp_path / f"exports/{id_}.parquet")
    for id_ in (5, 6):
        (tmp_path / f"exports/{id_}.csv").write_text(f"CustomerId\n{id_}\n")
    for id_ in (9, 10):
        line = gzip.compress(b'{"CustomerId":%d}\n' % id_)
        (tmp_path / f"exports/{id_:02}.ndjson.gz").write_bytes(line)
    with duckdb.connect(str(tmp_path / "own.duckdb")) as own:
        own.execute("create table people as from values (7), (8) as of(CustomerId)")

    result = kit.run(load(tmp_path, where))

    assert result.success, kit.failure(result)
    assert staged(data)["CustomerId"].head(2).to_list() == ids


def test_a_project_s_own_duckdb_resource_is_the_warehouse(tmp_path: Path, data: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.execute("create table people as from values (7), (8) as of(CustomerId)")
    resources = f"""
        import dagster as dg
        from dagster_duckdb import DuckDBResource

        from ct_assets.io_managers.parquet_io_manager import ParquetStaging

        @dg.definitions
        def defs() -> dg.Definitions:
            warehouse = DuckDBResource(database={str(tmp_path / "shop.duckdb")!r})
            return dg.Definitions(
                resources={{"ct_staging": ParquetStaging(), "ct_warehouse": warehouse}}
            )
    """
    files = {"shop/defs.yaml": declared("table: people"), "resources.py": resources}

    result = kit.run(kit.load(tmp_path, files))

    assert result.success, kit.failure(result)
    assert staged(data)["CustomerId"].to_list() == [7, 8]


def load(root: Path, where: str) -> dg.Definitions:
    return kit.load(root, {"shop/defs.yaml": declared(where), "resources.py": kit.WAREHOUSE})


def declared(where: str) -> str:
    return kit.SOURCE.replace("file: customer.csv", where)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("file: custmer.csv", "shop/customer: no file matches 'custmer.csv'"),
        ("file: customer.csv\n  types: {idd: integer}", "shop/customer: customer.csv: no column"),
        ("table: x\n  database: custmer.csv", "custmer.csv; did you mean 'customer.csv'?"),
        ("table: x\n  database: customer.csv", "customer.csv: cannot be read as a DuckDB"),
        ("table: customr", "shop/customer (customr): Catalog Error: Table with name customr"),
        ("sql: select Mail from customer", "shop/customer (sql): Binder Error: Referenced column"),
    ],
)
def test_what_is_missing_fails_the_run_in_words(tmp_path: Path, where: str, said: str) -> None:
    result = kit.run(load(tmp_path, where))

    assert not result.success
    assert said in kit.failure(result)
    assert "ada@example.org" not in kit.failure(result)


def test_the_same_class_works_from_python(tmp_path: Path, data: Path) -> None:
    code = """
        import dagster as dg
        from ct_assets.components import ClevertapSync, SourceTable

        @dg.component_instance
        def customer(context: dg.ComponentLoadContext) -> SourceTable:
            return SourceTable(asset="shop/customer", file="customer.csv", types={"id": "integer"})
    """

    assert kit.run(kit.load(tmp_path, {"shop/sources.py": code})).success

    assert staged(data)["id"].to_list() == [171, 2]


def test_the_catalog_finds_everything_it_looks_for(tmp_path: Path) -> None:
    declared = kit.SOURCE + "  owners: ['team:growth']\n  tags: {tier: gold}\n"
    defs = kit.load(tmp_path, {"shop/defs.yaml": declared})

    (spec,) = defs.resolve_all_asset_specs()

    assert spec.description == "Rows of shop/customer, as they were when read."
    assert (spec.kinds, spec.group_name) == ({"csv"}, "shop")
    assert (list(spec.owners), spec.tags["tier"]) == (["team:growth"], "gold")
    assert spec.code_version


def test_editors_get_a_schema() -> None:
    schema = SourceTable.get_model_cls().model_json_schema()

    assert {"asset", "file", "table", "sql", "sql_file", "types"} <= set(schema["properties"])


@pytest.mark.parametrize("component", [SourceTable, ClevertapSync])
def test_the_schema_refuses_nothing_so_that_the_words_of_a_mistake_are_ours(
    component: type[SourceTable] | type[ClevertapSync],
) -> None:
    validator = Draft202012Validator(component.get_model_cls().model_json_schema())

    assert validator.is_valid({"asset": 5, "object": "x", "fields": {"a": {"colum": "b"}}, "y": 1})
