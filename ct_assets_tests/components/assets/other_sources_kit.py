"""Loads a sync whose source is an asset in Python."""

from pathlib import Path

import dagster as dg

from ct_assets_tests.components import kit

STAGED = 'key=["shop", "customer"], io_manager_key="ct_staging"'
FRAME = '{"id": ["1"], "name": ["Ada"], "mail": ["ada@example.org"]}'


def load(root: Path, python: str, **yaml: str) -> dg.Definitions:
    imports = "import dagster as dg\nimport polars as pl\n"
    files = {"shop/assets.py": imports + python, "customers/defs.yaml": kit.CUSTOMERS}
    return kit.load(root, files | {f"{name}/defs.yaml": text for name, text in yaml.items()})


MADE = "create or replace table model.person as select 7 as id, 'Ada' as name, null::text as mail"

TABLES = {
    "a table that dagster-duckdb writes": f"""
from dagster_duckdb import DuckDBResource

@dg.asset(key=["shop", "customer"])
def customer() -> dg.MaterializeResult:
    with DuckDBResource(database=DATABASE).get_connection() as connection:
        connection.execute("create schema if not exists model")
        connection.execute({MADE!r})
    return dg.MaterializeResult(metadata={{"dagster/table_name": "warehouse.model.person"}})
""",
    "a table of another code location": """
customer = dg.AssetSpec(["shop", "customer"], metadata={"dagster/table_name": "model.person"})
""",
}
