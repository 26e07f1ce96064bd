from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.row_counts import (
    DELIVERY_LAW,
    OUTCOMES,
    SPLIT_LAW,
    DeliveryCounts,
    OutcomeCounts,
    RowCounts,
    law,
)

HALF = RowCounts(source=100, cut=1, superseded=2, rejected=7, valid=90)
WHOLE = DeliveryCounts(
    source=100,
    cut=1,
    superseded=2,
    rejected=7,
    valid=90,
    unchanged=50,
    held={"parked": 3, "refused": 2},
    new=25,
    changed=10,
    sent=OutcomeCounts(planned=35, acked=30, refused=2, unknown=2, unsent=1),
    removed=4,
    removals=OutcomeCounts(planned=3, acked=3),
)
SOME = st.integers(0, 10**9)


def test_an_account_that_adds_up() -> None:
    assert HALF.violations() == []
    assert WHOLE.violations() == []


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ({"source": 101}, "source 101 = valid 90 + rejected 7 + superseded 2 + cut 1"),
        ({"valid": 89}, "source 100 = valid 89 + rejected 7 + superseded 2 + cut 1"),
        (
            {"rejected": 10, "cut": -2},
            "source 100 = valid 90 + rejected 10 + superseded 2 + cut -2",
        ),
    ],
)
def test_every_row_that_a_split_loses_or_invents_shows(
    change: dict[str, Any], violation: str
) -> None:
    assert replace(HALF, **change).violations() == [violation]


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ({"source": 101}, "source 101 = valid 90 + rejected 7 + superseded 2 + cut 1"),
        ({"unchanged": 49}, "valid 90 = unchanged 49 + held 5 + planned 35"),
        ({"held": {}}, "valid 90 = unchanged 50 + held 0 + planned 35"),
        ({"new": 24}, "planned 35 = new 24 + changed 10"),
        (
            {"sent": OutcomeCounts(planned=35, acked=30, refused=2, unknown=2)},
            "planned 35 = acked 30 + refused 2 + unknown 2 + unsent 0",
        ),
        (
            {"removed": 2},
            "removed 2 = left alone -1 + removals acked 3 + removals refused 0"
            " + removals unknown 0 + removals unsent 0",
        ),
        (
            {"removals": OutcomeCounts(planned=3)},
            "removed 4 = left alone 1 + removals acked 0 + removals refused 0"
            " + removals unknown 0 + removals unsent 0",
        ),
    ],
)
def test_every_row_that_a_delivery_loses_or_invents_shows(
    change: dict[str, Any], violation: str
) -> None:
    assert replace(WHOLE, **change).violations() == [violation]


def test_the_equations_in_words() -> None:
    assert law(SPLIT_LAW) == "source = valid + rejected + superseded + cut"
    assert law(DELIVERY_LAW) == (
        "source = valid + rejected + superseded + cut; "
        "valid = unchanged + held + planned; "
        "planned = new + changed; "
        "planned = acked + refused + unknown + unsent; "
        "removed = left alone + removals acked + removals refused + removals unknown"
        " + removals unsent"
    )


@st.composite
def accounts(draw: st.DrawFn) -> DeliveryCounts:
    """Every row is put in one place only; the wholes are counted apart from that."""
    outcomes = {name: draw(SOME) for name in OUTCOMES}
    removals = {name: draw(SOME) for name in OUTCOMES}
    sent = OutcomeCounts(planned=sum(outcomes.values()), **outcomes)
    new = draw(st.integers(0, sent.planned))
    held = draw(st.dictionaries(st.sampled_from(["parked", "refused", "limit"]), SOME))
    unchanged, rejected, superseded, cut = (draw(SOME) for _ in range(4))
    valid = unchanged + sum(held.values()) + sent.planned
    return DeliveryCounts(
        source=valid + rejected + superseded + cut,
        cut=cut,
        superseded=superseded,
        rejected=rejected,
        valid=valid,
        unchanged=unchanged,
        held=held,
        new=new,
        changed=sent.planned - new,
        sent=sent,
        removed=sum(removals.values()) + draw(SOME),
        removals=OutcomeCounts(planned=sum(removals.values()), **removals),
    )


@given(counts=accounts())
def test_rows_that_are_each_in_one_place_add_up(counts: DeliveryCounts) -> None:
    assert counts.violations() == []


@given(
    counts=accounts(),
    name=st.sampled_from(
        ["source", "cut", "superseded", "rejected", "valid", "unchanged", "new", "changed"]
    ),
    rows=SOME.filter(bool),
)
def test_rows_lost_or_invented_in_any_place_show(
    counts: DeliveryCounts, name: str, rows: int
) -> None:
    for other in (getattr(counts, name) + rows, getattr(counts, name) - rows):
        assert replace(counts, **{name: other}).violations()


@given(
    counts=accounts(),
    part=st.sampled_from(["sent", "removals"]),
    name=st.sampled_from(["planned", *OUTCOMES]),
    rows=SOME.filter(bool),
)
def test_outcomes_lost_or_invented_show(
    counts: DeliveryCounts, part: str, name: str, rows: int
) -> None:
    outcomes = getattr(counts, part)
    for other in (getattr(outcomes, name) + rows, getattr(outcomes, name) - rows):
        broken = replace(counts, **{part: replace(outcomes, **{name: other})})
        assert broken.violations()


def test_totals_by_the_names_that_users_know() -> None:
    assert HALF.totals() == {
        "source": 100, "cut": 1, "superseded": 2, "rejected": 7, "valid": 90,
    }  # fmt: skip
    assert WHOLE.totals() == {
        "source": 100, "cut": 1, "superseded": 2, "rejected": 7, "valid": 90,
        "unchanged": 50, "held": 5, "parked": 3, "planned": 35,
        "acked": 30, "refused": 2, "unknown": 2, "unsent": 1, "removed": 4,
    }  # fmt: skip


def test_rows_that_are_checked_and_the_share_of_them_that_is_rejected() -> None:
    assert HALF.checked == 97
    assert HALF.rejected_share == 7 / 97
    assert RowCounts(source=0).rejected_share == 0


def test_what_is_left_after_an_erasure_adds_up() -> None:
    assert HALF.recounted(valid=89, rejected=6) == RowCounts(
        source=98, cut=1, superseded=2, rejected=6, valid=89
    )
