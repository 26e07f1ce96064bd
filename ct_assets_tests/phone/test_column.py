import subprocess
import sys

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ct_assets.phone import column, e164, is_e164

PHONES = ["+16502530000", "+1 650 253 0000", "98765 43210", "n/a", None, "+4402079460958"]

TWO_COLUMNS = """
import polars as pl
from ct_assets.phone import column, e164, is_e164
from ct_assets.phone.automaton import current_automaton
column.SLICE = 1000
current_automaton.WORTH_COMPILING = 0
frame = pl.DataFrame({"a": ["+1 650 253 0000"] * 10_000, "b": ["98765 43210"] * 10_000})
plan = frame.lazy().select(e164("a"), e164("b", region="IN"), is_e164("a").alias("c"))
for engine in ("in-memory", "streaming"):
    assert plan.collect(engine=engine).height == 10_000
"""


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("rows", [1, 2, 5, 6, 100])
def test_slices_make_no_difference(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.DataFrame({"phone": PHONES, "region": ["IN", None, "IN", "", "GB", "X"]})
    judged = (e164("phone", region=pl.col("region")), is_e164("phone").alias("is"))
    whole = frame.select(judged)

    monkeypatch.setattr(column, "SLICE", rows)

    assert_frame_equal(frame.select(judged), whole)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_several_columns_at_once_do_not_wait_for_each_other(threads: str) -> None:
    environment = {"POLARS_MAX_THREADS": threads, "XDG_CACHE_HOME": "/nowhere"}

    run = subprocess.run(
        [sys.executable, "-c", TWO_COLUMNS], env=environment, timeout=120, check=False
    )

    assert run.returncode == 0
