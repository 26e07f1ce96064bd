import polars as pl
import pytest

from ct_assets.delivery import batch_numbers
from ct_assets.delivery.diff import first_rows
from ct_assets.delivery.state.sync_files import OUTBOX
from ct_assets_tests.delivery.kit import Row, Sync, profile

ROWS: list[Row] = [
    *(profile(str(n), Name="Li" if n % 3 else None, Tier="gold") for n in range(2100)),
    profile("long", Name="ü" * 5000),
    profile("cleared", Name="Wu", Tier=None, clear=["Tier"]),
]


def planned(sync: Sync, rows: list[Row]) -> pl.DataFrame:
    sync.plan_only(sync.request(rows))
    return pl.read_parquet(sync.home / OUTBOX)


@pytest.mark.parametrize("sorted_up_to", [0, batch_numbers.MAX_SORTED])
@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []], ids=["many", "one", "none"])
def test_first_rows_leave_as_if_they_had_been_compared(
    profiles: Sync, monkeypatch: pytest.MonkeyPatch, rows: list[Row], sorted_up_to: int
) -> None:
    monkeypatch.setattr(batch_numbers, "MAX_SORTED", sorted_up_to)
    first = planned(profiles, rows)
    (profiles.home / OUTBOX).unlink()
    monkeypatch.setattr(first_rows, "are_all_new", lambda *_: False)

    assert planned(profiles, rows).equals(first)
    assert first.height == len(rows)
