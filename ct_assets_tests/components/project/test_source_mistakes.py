"""What a person reads who declares a source wrong, or names one that there is not."""

from pathlib import Path

import pytest

from ct_assets_tests.components import kit
from ct_assets_tests.components.project.loader_kit import OTHER, printed, python_sync

pytestmark = pytest.mark.usefixtures("here")


def test_an_unknown_source_in_python(tmp_path: Path) -> None:
    text = printed(tmp_path, OTHER, **{"more/syncs.py": python_sync(source="shop/custmer")})

    assert text == (
        "defs/more/syncs.py: source: no asset 'shop/custmer'; did you mean 'shop/customer'?"
    )


@pytest.mark.filterwarnings("ignore:Class `SourceAsset` is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    "asset",
    ["dg.AssetSpec('shop/customer')", "dg.SourceAsset(['shop', 'customer'])"],
)
def test_a_source_that_others_make(tmp_path: Path, asset: str) -> None:
    code = f"import dagster as dg\ndefs = dg.Definitions(assets=[{asset}])\n"

    kit.load(tmp_path, {"shop/assets.py": code, "sync/defs.yaml": kit.CUSTOMERS})


def test_where_assets_are_told_later_no_source_is_missed(tmp_path: Path) -> None:
    code = """
        import dagster as dg
        from dagster._core.definitions.assets.definition.cacheable_assets_definition import (
            CacheableAssetsDefinition,
        )

        class Later(CacheableAssetsDefinition):
            def compute_cacheable_data(self):
                return []

            def build_definitions(self, data):
                return []

        defs = dg.Definitions(assets=[Later("later")])
    """

    kit.load(tmp_path, {"shop/assets.py": code, "sync/defs.yaml": kit.CUSTOMERS})


def test_a_source_that_waits_for_what_is_made_of_it(tmp_path: Path) -> None:
    text = printed(tmp_path, kit.CUSTOMERS, kit.SOURCE + "  upstream: [customers/clevertap]\n")

    assert text.startswith("defs/shop/defs.yaml:5: upstream: these wait for each other, and ")
    assert text.endswith(". Take one of them out of `upstream`.")


def test_a_source_that_is_declared_twice(tmp_path: Path) -> None:
    text = printed(tmp_path, kit.CUSTOMERS, f"{kit.SOURCE}---\n{kit.SOURCE}")

    assert text == (
        "defs/shop/defs.yaml:8: asset: 'shop/customer' is declared in defs/shop/defs.yaml too; "
        "keep one"
    )


SOURCE_MISTAKES = {
    "no rows": (
        kit.SOURCE.replace("  file: customer.csv\n", ""),
        "defs/shop/defs.yaml:2: says not where the rows come from. Write one of file, table, sql, "
        "sql_file, delta, iceberg.",
    ),
    "rows from two places": (
        kit.SOURCE + "  table: customer\n",
        "defs/shop/defs.yaml:5: table: file and table are given. Keep one of them.",
    ),
    "no such SQL file": (
        kit.SOURCE.replace("file: customer.csv", "sql_file: customer.sql"),
        "defs/shop/defs.yaml:4: sql_file: no file 'customer.sql' beside this one",
    ),
    "no such type": (
        kit.SOURCE + "  types: {id: int}\n",
        "defs/shop/defs.yaml:5: types.id: must be one of string, integer, float, boolean, date, "
        "datetime, not 'int'; did you mean 'integer'?",
    ),
    "types of a query": (
        kit.SOURCE.replace("file: customer.csv", "table: customer") + "  types: {id: integer}\n",
        "defs/shop/defs.yaml:5: types: is for files. In a query, write `cast(... as ...)`.",
    ),
    "a key with blanks": (
        kit.SOURCE.replace("shop/customer", "shop/my customer"),
        "defs/shop/defs.yaml:3: asset: 'shop/my customer' is no key of an asset. Write plain names "
        "with / between them, such as chinook/customer.",
    ),
    "a file of another kind": (
        kit.SOURCE.replace("customer.csv", "customer.xlsx"),
        "defs/shop/defs.yaml:4: file: 'customer.xlsx' is neither CSV, NDJSON nor Parquet by its "
        "name: save it as one of them, or declare its `format` if it is one. Only CSV "
        "(.csv, .tsv, .txt), NDJSON (.ndjson, .jsonl) and Parquet (.parquet, .pq) are read; CSV "
        "and NDJSON also with .gz behind.",
    ),
    "a file elsewhere": (
        kit.SOURCE.replace("customer.csv", "https://shop/customer.csv"),
        "defs/shop/defs.yaml:4: file: 'https://shop/customer.csv' is an address that is not read: "
        "only s3://, gs:// and az:// are. Copy the files here, or let an asset of your own read "
        "them, and name that as the sync's `source`.",
    ),
    "a folder": (
        kit.SOURCE.replace("customer.csv", "exports/"),
        "defs/shop/defs.yaml:4: file: 'exports/' does not say which files: if it is a folder, name "
        "those in it, such as 'exports/*.csv'; otherwise declare their `format`, such as "
        "`format: csv`. Only CSV (.csv, .tsv, .txt), NDJSON (.ndjson, .jsonl) and Parquet "
        "(.parquet, .pq) are read; CSV and NDJSON also with .gz behind.",
    ),
    "all of a folder": (
        kit.SOURCE.replace("customer.csv", "exports/*"),
        "defs/shop/defs.yaml:4: file: 'exports/*' does not say which files: if it is a folder, "
        "name those in it, such as 'exports/*.csv'; otherwise declare their `format`, such as "
        "`format: csv`. Only CSV (.csv, .tsv, .txt), NDJSON (.ndjson, .jsonl) and Parquet "
        "(.parquet, .pq) are read; CSV and NDJSON also with .gz behind.",
    ),
    "an empty query": (
        kit.SOURCE.replace("file: customer.csv", "sql: ''"),
        "defs/shop/defs.yaml:4: sql: is empty. Write where the rows come from.",
    ),
    "an owner that is none": (
        kit.SOURCE + "  owners: [ada]\n",
        "defs/shop/defs.yaml:5: owners: 'ada' must be an e-mail address or team:NAME.",
    ),
    "rows made of itself": (
        kit.SOURCE + "  upstream: [shop/customer]\n",
        "defs/shop/defs.yaml:5: upstream: names the source itself. Name the assets that make its "
        "rows.",
    ),
    "an asset that is nearly the name of one": (
        kit.SOURCE
        + "---\n"
        + kit.SOURCE.replace("customer", "lead")
        + "  upstream: [shop/custmer]\n",
        "defs/shop/defs.yaml:10: upstream[0]: no asset 'shop/custmer'; did you mean "
        "'shop/customer'? If another project makes one of that very name, say so with "
        "`dg.AssetSpec('shop/custmer')` in a file of Python in `defs`",
    ),
    "two watermarks": (
        kit.SOURCE + "  watermark: at\n  watermark_sql: select 1\n",
        "defs/shop/defs.yaml:6: watermark_sql: is given beside watermark. Keep one of them.",
    ),
}


@pytest.mark.parametrize(("source", "expected"), SOURCE_MISTAKES.values(), ids=SOURCE_MISTAKES)
def test_a_mistake_in_a_source(tmp_path: Path, source: str, expected: str) -> None:
    assert printed(tmp_path, kit.CUSTOMERS, source) == expected
