import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ct_assets.components.assets.split.split_again import taken_over
from ct_assets.components.assets.split.split_step import split_into
from ct_assets.components.assets.split.split_warnings import with_warnings
from ct_assets.components.erasure.staged_erasure import erase_staged
from ct_assets.mapping import parse
from ct_assets.mapping.split_inputs import split_digest
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.staging import Snapshot, Staging, scan

pytestmark = pytest.mark.sampled(4)

DECLARED: Mapping[str, Any] = {
    "name": "customers",
    "object": "profile",
    "source": "shop/customer",
    "identify_by": [{"identity": "id"}],
    "fields": {"Email": "mail", "Phone": {"column": "phone", "on_invalid": "drop"}},
    "max_rejected": 0.9,
}
ROWS = pl.DataFrame(
    {
        "id": ["1", "2", "3", "3"],
        "mail": ["ann@example.org", "ann@example.org", "x", "cy@example.org"],
        "phone": ["+4915112345678", "123", None, None],
    }
)


def put(root: Path, rows: pl.DataFrame) -> Path:
    root.mkdir(exist_ok=True)
    rows.write_parquet(root / "source.parquet")
    return root / "source.parquet"


def split(
    root: Path, source: Path, declared: Mapping[str, Any] = DECLARED
) -> tuple[Snapshot, bool]:
    """Splits as a run does; gives the valid snapshot, and whether it was taken over."""
    sync, staging, rows = parse(declared), Staging(root / "staging"), scan(source)
    with (
        staging.draft(("customers", "valid")) as valid,
        staging.draft(("customers", "rejected")) as rejected,
    ):
        inputs = split_digest(sync, source, rows.collect_schema())
        again = taken_over(sync, staging, None, inputs, valid, rejected)
        meta = again or split_into(sync, rows, valid, rejected, inputs=inputs)
        before = staging.latest_meta(("customers", "valid")).split
        valid.meta = SnapshotMeta(split=with_warnings(sync, valid, meta, before, ()))
        staging.publish(rejected)
        return staging.publish(valid), again is not None


def rows_of(root: Path, stage: str) -> pl.DataFrame:
    return Staging(root / "staging").current(("customers", stage)).scan().collect()


def test_the_last_split_of_the_same_rows_is_taken_over(tmp_path: Path) -> None:
    source = put(tmp_path, ROWS)
    first, _ = split(tmp_path, source)
    source.unlink()

    again, taken = split(tmp_path, put(tmp_path, ROWS))

    assert taken
    assert again.file == first.file
    assert again.meta == first.meta
    assert len(list((tmp_path / "staging").rglob("data.parquet"))) == 2
    assert rows_of(tmp_path, "valid")["_key"].to_list() == ["1", "2"]
    assert rows_of(tmp_path, "rejected")["id"].to_list() == ["3", "3"]


@pytest.mark.parametrize(
    "edit",
    [
        {"fields": {"Email": "mail"}},
        {"fields": {**DECLARED["fields"], "Note": "phone"}},
        {"where": "id <> '9'"},
        {"duplicates": {"keep_latest_by": "mail"}},
        {"limits": {"custom_fields": 300}},
    ],
)
def test_an_edited_declaration_is_split_anew(tmp_path: Path, edit: Mapping[str, Any]) -> None:
    source = put(tmp_path, ROWS)
    split(tmp_path, source)

    assert not split(tmp_path, source, {**DECLARED, **edit})[1]


def test_other_rows_are_split_anew(tmp_path: Path) -> None:
    split(tmp_path, put(tmp_path, ROWS))

    snapshot, taken = split(tmp_path, put(tmp_path, ROWS.head(1)))

    assert not taken
    assert snapshot.scan().collect()["_key"].to_list() == ["1"]


@pytest.mark.parametrize("moment", ["now()", "current_timestamp"])
def test_a_time_in_sql_is_read_anew(tmp_path: Path, moment: str) -> None:
    source = put(tmp_path, ROWS)
    declared = {**DECLARED, "where": f"id <> '' and {moment} is not null"}
    split(tmp_path, source, declared)

    assert not split(tmp_path, source, declared)[1]


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"X" + b[1:], lambda _: None])
@pytest.mark.parametrize("name", ["valid/=/*/data", "valid/=/*/keys", "rejected/=/*/data"])
def test_damaged_files_are_not_taken_over(tmp_path: Path, name: str, damage: Any) -> None:
    source = put(tmp_path, ROWS)
    split(tmp_path, source)
    (file,) = (tmp_path / "staging/customers").glob(f"{name}.parquet")
    whole = file.read_bytes()
    if (left := damage(whole)) is None:
        file.unlink()
    else:
        file.write_bytes(left)

    snapshot, taken = split(tmp_path, source)

    assert not taken
    assert snapshot.beside("keys.parquet").is_file()
    assert rows_of(tmp_path, "valid")["_key"].to_list() == ["1", "2"]
    assert rows_of(tmp_path, "rejected")["id"].to_list() == ["3", "3"]


def test_rows_from_which_a_person_was_erased_are_not_taken_over(tmp_path: Path) -> None:
    source = put(tmp_path, ROWS)
    split(tmp_path, source)
    erase_staged(Staging(tmp_path / "staging"), [parse(DECLARED)], [("identity", "2")])
    assert rows_of(tmp_path, "valid")["_key"].to_list() == ["1"]

    _, taken = split(tmp_path, source)

    assert not taken
    assert rows_of(tmp_path, "valid")["_key"].to_list() == ["1", "2"]


def test_a_split_of_an_earlier_version_is_not_taken_over(tmp_path: Path) -> None:
    source = put(tmp_path, ROWS)
    first, _ = split(tmp_path, source)
    assert first.meta.split is not None
    old = replace(first.meta.split, inputs="", facts=None, rejected_checksum=None)
    Staging(tmp_path / "staging").amend(("customers", "valid"), None, SnapshotMeta(split=old))

    assert not split(tmp_path, source)[1]


def test_a_lower_limit_of_rejected_rows_holds_for_rows_taken_over(tmp_path: Path) -> None:
    source = put(tmp_path, ROWS)
    split(tmp_path, source)

    snapshot, _ = split(tmp_path, source, {**DECLARED, "max_rejected": 0.1})

    assert snapshot.meta.split is not None
    assert not snapshot.meta.split.gate.passed


TEXT = st.sampled_from(["1", "2", "a@b.org", "A@b.org", "+4915112345678", "0151 1", "", None])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=6))
def test_what_is_taken_over_is_what_a_whole_run_gives(
    rows: list[tuple[str | None, str | None, str | None]],
) -> None:
    frame = pl.DataFrame(rows, schema=ROWS.schema, orient="row")
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder, "one"), Path(folder, "other")
        split(one, put(one, frame))
        again, taken = split(one, put(one, frame))
        split(other, put(other, frame))
        meta = replace(Staging(other / "staging").meta(("customers", "valid")))
        assert meta.split is not None
        unknown = replace(meta.split, inputs="")
        Staging(other / "staging").amend(("customers", "valid"), None, replace(meta, split=unknown))
        whole, anew = split(other, put(other, frame))

        assert (taken, anew) == (True, False)
        assert again.meta == whole.meta
        for stage in ("valid", "rejected"):
            assert_frame_equal(rows_of(one, stage), rows_of(other, stage))
