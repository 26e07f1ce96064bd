from pathlib import Path

import polars as pl

from ct_assets.delivery.operations.person_rows import (
    about_person,
    erase_rows,
    identifiers_of,
    report_lines,
)
from ct_assets_tests.delivery.kit import profile, snapshot

ROWS = [profile("1", also=["FBID:f1"]), profile("2"), profile("3", also=["identity:2"])]


def test_a_person_has_all_rows_that_bear_an_identifier(tmp_path: Path) -> None:
    valid = snapshot(tmp_path / "valid.parquet", ROWS)

    assert identifiers_of(valid, "FBID", "f1") == [("FBID", "f1"), ("identity", "1")]
    assert identifiers_of(valid, "identity", "2") == [("identity", "2"), ("identity", "3")]
    assert identifiers_of(valid, "identity", "9") == []


def test_rows_are_erased_by_any_identifier(tmp_path: Path) -> None:
    valid = snapshot(tmp_path / "valid.parquet", ROWS)

    assert erase_rows(valid, about_person([("identity", "2")])) == 2
    assert erase_rows(valid, about_person([("identity", "2")])) == 0
    assert pl.read_parquet(valid)["_key"].to_list() == ["1"]


def test_a_file_keeps_what_its_metadata_say(tmp_path: Path) -> None:
    valid = snapshot(tmp_path / "valid.parquet", ROWS)
    pl.read_parquet(valid).write_parquet(valid, metadata={"delivery": "7", "meta": "{}"})

    erase_rows(valid, about_person([("identity", "2")]))

    kept = pl.read_parquet_metadata(valid)
    assert {name: kept[name] for name in ("delivery", "meta")} == {"delivery": "7", "meta": "{}"}
    assert pl.read_parquet(valid)["_also"].to_list() == [["FBID:f1"]]


def test_lines_of_a_report_are_known_by_kind_and_key() -> None:
    report = pl.DataFrame({"kind": ["event", "identity"], "key": ["1", "1"]})

    assert report.filter(report_lines([("event", "1")])).rows() == [("event", "1")]
