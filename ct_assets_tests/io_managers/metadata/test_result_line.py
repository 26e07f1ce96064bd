"""The line that a run ends with."""

from dataclasses import replace

import pytest

from ct_assets.io_managers.metadata.result_line import result_line
from ct_assets.row_counts import DeliveryCounts, OutcomeCounts, RowCounts
from ct_assets.snapshot_meta import Gate, ReasonCount, SplitMeta

COUNTS = DeliveryCounts(
    source=2009, rejected=3, valid=2006, unchanged=1000, held={"parked": 1}, new=1005, changed=0,
    sent=OutcomeCounts(planned=1005, acked=1002, refused=2, unknown=1),
    removed=0, removals=OutcomeCounts(),
)  # fmt: skip
SPLIT = SplitMeta(declaration="", counts=RowCounts(source=0), gate=Gate(passed=True))
TOLD = "3 rejected, 1,000 unchanged, 1 held, 1,002 acked, 2 refused, 1 unknown"


@pytest.mark.parametrize(
    ("part", "warnings", "expected"),
    [
        (None, (), f"people: {TOLD}"),
        ("2026-01-03", (), f"people 2026-01-03: {TOLD}"),
        (
            None,
            (
                ReasonCount("Phone", "phone_too_short", 1200),
                ReasonCount("Email", "email_no_at", 1),
                ReasonCount("Email", "merge", 4),
            ),
            f"people: {TOLD}; Phone left out of 1,200 rows (phone_too_short); Email left out of 1 "
            "row (email_no_at)",
        ),
    ],
)
def test_where_all_rows_went(
    part: str | None, warnings: tuple[ReasonCount, ...], expected: str
) -> None:
    assert result_line("people", part, COUNTS, replace(SPLIT, warnings=warnings)) == expected


def test_counts_of_0_that_are_rare_are_left_out() -> None:
    counts = replace(COUNTS, cut=7, sent=replace(COUNTS.sent, unsent=5))

    assert result_line("people", None, counts, SPLIT) == (f"people: 7 cut, {TOLD}, 5 unsent")
