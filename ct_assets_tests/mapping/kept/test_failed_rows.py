from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.components.assets.split.split_step import split_into
from ct_assets.mapping import parse, split
from ct_assets.mapping.kept.failed_rows import FailedRows
from ct_assets.staging import Draft, scan
from ct_assets_tests.mapping.splitting import PROFILE

MAIL = parse({**PROFILE, "fields": {"Email": "mail"}})
ROWS = 50_000


@given(failed=st.lists(st.booleans(), max_size=100))
def test_rows_that_failed_are_known_again_and_no_others(failed: list[bool]) -> None:
    rows = pl.LazyFrame({"failed": failed}, schema={"failed": pl.Boolean}).with_row_index("row")
    noted = FailedRows(len(failed))

    passed = rows.select(noted.noted(pl.col("row"), pl.col("failed")).alias("failed")).collect()
    known = rows.select(noted.at(pl.col("row")).alias("known")).collect()

    assert passed["failed"].to_list() == known["known"].to_list() == failed
    assert noted.count == sum(failed)


def staged(folder: Path, mail: pl.Expr) -> pl.LazyFrame:
    """Many rows in several row groups; `mail` is an expression over their number `n`."""
    numbered = pl.LazyFrame({"n": range(ROWS)})
    rows = numbered.select(id=pl.format("u{}", "n"), n="n", mail=mail)
    rows.sink_parquet(folder / "source.parquet", row_group_size=3_000)
    return scan(folder / "source.parquet")


@pytest.mark.parametrize("where", [None, "n % 3 <> 1"], ids=["all", "some cut"])
def test_the_rows_of_many_parts_are_judged_by_their_place(
    tmp_path: Path, where: str | None
) -> None:
    source = staged(
        tmp_path,
        pl.format(
            "u{}@x.y{}", "n", pl.when(pl.col("n") % 7 > 0).then(pl.lit("z")).otherwise(pl.lit("."))
        ),
    )
    parts = split(MAIL.model_copy(update={"where": where}), source, tmp_path)
    parts.valid_noting.sink_parquet(tmp_path / "valid.parquet")

    left_out = parts.left_out.collect(engine="streaming")

    bad = [n for n in range(ROWS) if n % 7 == 0 and (where is None or n % 3 != 1)]
    assert left_out["n"].to_list() == bad
    assert left_out.equals(parts.rejected.collect(engine="streaming"))


def test_where_the_notes_do_not_add_up_all_rows_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FailedRows, "count", property(lambda _: 0))
    source = staged(tmp_path, pl.lit("no address"))
    valid, rejected = Draft(tmp_path / "valid"), Draft(tmp_path / "rejected")
    for draft in (valid, rejected):
        draft.folder.mkdir()

    assert split_into(MAIL, source, valid, rejected).counts.rejected == ROWS
