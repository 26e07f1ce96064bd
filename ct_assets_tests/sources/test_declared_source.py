import gzip
from pathlib import Path
from typing import Any

import pytest

from ct_assets.mapping.declaration.problems import DeclarationError
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


@pytest.mark.parametrize("name", ["part-00000", "people.dat", "part-00000.gz", "a.parquet"])
def test_a_format_is_declared_where_names_do_not_tell_it(tmp_path: Path, name: str) -> None:
    content = b"id,n\n0171,7\n"
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    declared = parse({"asset": "a/b", "file": name, "format": "csv", "types": {"n": "integer"}})
    source = DeclaredSource(declared, tmp_path, tmp_path)
    draft = Draft(tmp_path / "draft")
    draft.folder.mkdir()

    source.snapshot(draft, Warehouse(tmp_path / "none"))

    assert draft.scan().collect().rows() == [("0171", 7)]
    assert source.rows(Warehouse(tmp_path / "none")).largest("n") == "7"
    assert declared.tag == "csv"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"table": "t", "format": "csv"}, "format: is for files. Leave it out."),
        ({"file": "a", "format": "xml"}, "format: must be one of csv, ndjson, parquet, not 'xml'"),
        ({"file": "a", "format": "parquet", "skip": 1}, "skip: is for CSV files. Leave it out."),
        ({"file": "https://x/a", "format": "csv"}, "is an address that is not read"),
    ],
)
def test_a_format_that_cannot_be(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse({"asset": "a/b", **settings})

    assert told in str(caught.value)
