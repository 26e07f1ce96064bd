from pathlib import Path

import pytest

from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.formats import FileError
from ct_assets.sources.source import parse
from ct_assets.staging import Draft


@pytest.mark.parametrize(
    ("where", "version"),
    [
        ({"file": "customer.csv"}, "7a3d69ec6778eade"),
        ({"table": "main.customer", "watermark": "seen"}, "cee53475f7804af0"),
        ({"sql": "select 1", "tags": {"a": "b"}}, "651f3ec29a87fa8c"),
        ({"sql_file": "q.sql", "owners": ["team:growth"]}, "999615987e124b54"),
    ],
)
def test_a_declaration_keeps_its_version_across_releases(
    tmp_path: Path, where: dict[str, object], version: str
) -> None:
    """Another version has every snapshot read anew, and its syncs run."""
    (tmp_path / "q.sql").write_text("select 1\n")
    source = parse({"asset": "shop/customer", **where})

    assert DeclaredSource(source, tmp_path, tmp_path).code_version == version


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ({"file": "a.csv"}, "a.csv"),
        ({"table": "t"}, "t"),
        ({"table": "t", "connection": "shop"}, "t in shop"),
        ({"table": "t", "database": "other.duckdb"}, "t in other.duckdb"),
        ({"sql": "select 1", "connection": "shop"}, ""),
        ({"sql_file": "q.sql", "database": "other.duckdb"}, ""),
    ],
)
def test_the_place_of_a_source(tmp_path: Path, where: dict[str, str], place: str) -> None:
    declared = DeclaredSource(parse({"asset": "a/b", **where}), tmp_path, tmp_path)

    assert declared.place == place


def test_another_query_in_the_same_file_is_another_version(tmp_path: Path) -> None:
    declared = DeclaredSource(parse({"asset": "a/b", "sql_file": "q.sql"}), tmp_path, tmp_path)
    versions = set()
    for query in ("select 1", "select 2"):
        (tmp_path / "q.sql").write_text(query)
        versions.add(declared.code_version)

    assert len(versions) == 2


def test_errors_name_the_declaration(tmp_path: Path) -> None:
    source = parse({"asset": "shop/customer", "file": "customer.csv"})
    declared = DeclaredSource(source, tmp_path, tmp_path)

    with pytest.raises(FileError, match=r"^shop/customer: no file matches 'customer\.csv'"):
        declared.snapshot(Draft(tmp_path), Warehouse(tmp_path / "warehouse.duckdb"))
