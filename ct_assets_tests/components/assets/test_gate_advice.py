"""What a person is told where too many rows are rejected."""

import pytest

from ct_assets.components.assets.gate_advice import advice
from ct_assets.mapping import parse
from ct_assets.row_counts import RowCounts
from ct_assets.snapshot_meta import Gate, ReasonCount, SplitMeta
from ct_assets_tests.mapping.splitting import PROFILE

SYNC = parse({**PROFILE, "name": "people", "fields": {"Phone": "phone", "Email": "mail"}})
LOOK = "Look at the rows with `ct-assets preview people`, then mend the source or the mapping, or "


def split(*reasons: ReasonCount, lost: int = 0, passed: bool = False) -> SplitMeta:
    counts = RowCounts(source=10 + lost, rejected=6, valid=4)
    return SplitMeta(
        declaration="", counts=counts, gate=Gate(passed=passed, why="many"), reasons=reasons
    )


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (
            [
                ReasonCount("Phone", "phone_too_short", 5),
                ReasonCount("identity", "identity_missing", 1),
            ],
            "Most frequent: Phone phone_too_short (5), identity identity_missing (1). "
            f"{LOOK}raise `max_rejected`. `on_invalid: drop` in Phone sends such rows "
            "without that field.",
        ),
        (
            [ReasonCount("Phone", "phone_too_short", 2), ReasonCount("Email", "email_no_at", 4)],
            "Most frequent: Email email_no_at (4), Phone phone_too_short (2). "
            f"{LOOK}raise `max_rejected`. `on_invalid: drop` in Email and Phone sends such rows "
            "without these fields.",
        ),
        (
            [ReasonCount("identity", "identity_missing", 6)],
            f"Most frequent: identity identity_missing (6). {LOOK}raise `max_rejected`.",
        ),
    ],
)
def test_advice_where_the_gate_is_shut(reasons: list[ReasonCount], told: str) -> None:
    assert advice(SYNC, split(*reasons)) == told


def test_beside_the_rows_nobody_is_sent_to_look_at_them() -> None:
    reason = ReasonCount("identity", "identity_missing", 6)

    assert advice(SYNC, split(reason), shown=True) == (
        "Most frequent: identity identity_missing (6). Mend the source or the mapping, or raise "
        "`max_rejected`."
    )


def test_no_advice_for_an_open_gate_or_a_defect_of_ours() -> None:
    assert advice(SYNC, split(passed=True)) == ""
    assert advice(SYNC, split(lost=1)) == ""
