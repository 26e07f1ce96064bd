from pathlib import Path

import polars as pl
import pytest

from ct_assets.components.assets.split.split_step import split_into
from ct_assets.components.assets.split.split_warnings import with_warnings
from ct_assets.mapping import parse
from ct_assets.snapshot_meta import SplitMeta
from ct_assets.staging import Draft

SYNC = parse(
    {
        "name": "customers",
        "object": "profile",
        "source": "shop/customer",
        "identify_by": [{"identity": "id"}],
        "other_columns": {"except": []},
    }
)


def split(folder: Path, columns: str, before: SplitMeta | None = None) -> SplitMeta:
    """Of one row with these columns beside its identity."""
    valid, rejected = (Draft(folder / columns / stage) for stage in ("valid", "rejected"))
    for draft in (valid, rejected):
        draft.folder.mkdir(parents=True)
    rows = pl.LazyFrame({"id": ["c1"], **{name: ["x"] for name in columns}})
    found = split_into(SYNC, rows, valid, rejected)
    return with_warnings(SYNC, valid, found, before, ())


@pytest.mark.parametrize(
    ("columns", "codes"),
    [
        ("ab", []),
        ("abc", [("c", "new_column")]),
        ("b", [("a", "turned_null")]),
        ("bc", [("c", "new_column"), ("a", "turned_null")]),
    ],
)
def test_other_columns_that_come_and_go(
    tmp_path: Path, columns: str, codes: list[tuple[str, str]]
) -> None:
    before = split(tmp_path / "before", "ab")

    after = split(tmp_path / "after", columns, before)

    assert [(warning.field, warning.code) for warning in after.warnings] == codes


def test_nobody_knows_what_was_there_before_the_first_split(tmp_path: Path) -> None:
    assert split(tmp_path, "ab").warnings == ()
