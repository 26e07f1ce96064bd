from dataclasses import replace
from typing import Any

import pytest

from ct_assets.delivery import Counts, Tally
from ct_assets.delivery.conservation import violations

WHOLE = Counts(
    source=100,
    cut=1,
    superseded=2,
    rejected=7,
    valid=90,
    unchanged=50,
    held={"parked": 3, "refused": 2},
    new=25,
    changed=10,
    sent=Tally(planned=35, acked=30, refused=2, unknown=2, unsent=1),
    removed=4,
    removals=Tally(planned=3, acked=3),
)


def test_an_account_that_adds_up() -> None:
    assert violations(WHOLE) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": 101}, "source 101 = valid 90 + rejected 7 + superseded 2 + cut 1"),
        ({"unchanged": 49}, "valid 90 = unchanged 49 + planned 35 + held 5"),
        ({"held": {}}, "valid 90 = unchanged 50 + planned 35 + held 0"),
        ({"new": 24}, "planned 35 = new 24 + changed 10"),
        (
            {"sent": Tally(planned=35, acked=30, refused=2, unknown=2)},
            "planned 35 = acked 30 + refused 2 + unknown 2 + unsent 0",
        ),
        ({"removed": 2}, "removed 2 >= planned 3, all with an outcome"),
        ({"removals": Tally(planned=3)}, "removed 4 >= planned 3, all with an outcome"),
    ],
)
def test_every_row_that_is_lost_or_invented_shows(change: dict[str, Any], said: str) -> None:
    assert violations(replace(WHOLE, **change)) == [said]
