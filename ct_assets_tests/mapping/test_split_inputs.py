import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import parse, split_inputs
from ct_assets.mapping.binder.bind import bind
from ct_assets.mapping.split_inputs import row_rules, split_digest

SYNC = parse(
    {
        "name": "customers",
        "object": "profile",
        "source": "shop/customer",
        "identify_by": [{"identity": "id"}],
        "fields": {"Phone": "phone", "Label": {"expr": "upper(id)"}},
    }
)
ROWS = pl.DataFrame({"id": ["1"], "phone": ["+4915112345678"]})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    ROWS.write_parquet(tmp_path / "source.parquet")
    return tmp_path / "source.parquet"


def test_the_same_rows_and_rules_have_one_digest(source: Path) -> None:
    assert split_digest(SYNC, source, ROWS.schema) == split_digest(SYNC, source, ROWS.schema)


def test_partitions_have_digests_of_their_own(source: Path) -> None:
    digests = {split_digest(SYNC, source, ROWS.schema, part) for part in ("2026-01-01", "")}

    assert len(digests) == 2


@pytest.mark.parametrize("library", ["polars", "duckdb", "phonenumbers"])
def test_another_version_of_a_library_has_another_digest(
    source: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, version = split_digest(SYNC, source, ROWS.schema), importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "9.9" if name == library else version(name)
    )

    assert split_digest(SYNC, source, ROWS.schema) != before


def test_other_rules_have_another_digest(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = split_digest(SYNC, source, ROWS.schema)
    monkeypatch.setattr(split_inputs, "_code", lambda: "other")

    assert split_digest(SYNC, source, ROWS.schema) != before


def test_replaced_metadata_of_phones_have_another_digest(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = split_digest(SYNC, source, ROWS.schema)
    monkeypatch.setattr(split_inputs, "_phone_files", lambda: ("region_DE.py 1 1",))

    assert split_digest(SYNC, source, ROWS.schema) != before


def test_sql_beside_texts_of_json(source: Path) -> None:
    declared = {**SYNC.model_dump(exclude_unset=True), "where": "id <> 'x'"}
    fields = {"Tags": {"column": "phone", "json": True}, "Label": {"expr": "upper(id)"}}
    sync = parse({**declared, "fields": fields})

    assert split_digest(sync, source, ROWS.schema) == split_digest(sync, source, ROWS.schema)


SHAPES = {"Tags": pl.List(pl.String())}


def rules(shapes: Mapping[str, pl.DataType] = SHAPES, **edits: Any) -> str:
    sync = SYNC.model_copy(update=edits)
    return row_rules(bind(sync, ROWS.schema), shapes)


def test_the_rules_for_a_row_are_those_of_declaration_and_columns() -> None:
    wider = pl.Schema({**ROWS.schema, "more": pl.Int64()})

    assert rules() == rules() != ""
    assert rules({}) != rules()
    assert rules(where="id <> 'x'") not in (rules(), "")
    assert row_rules(bind(SYNC, wider), SHAPES) != rules()


def test_sql_of_several_rows_has_no_rules_for_one() -> None:
    assert rules(where="id = max(id)") == ""


def test_a_time_in_sql_makes_other_rules_each_time() -> None:
    moment = "id <> '' and now() is not null"

    assert rules(where=moment) != rules(where=moment)
