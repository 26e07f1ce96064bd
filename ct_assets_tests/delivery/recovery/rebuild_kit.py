"""Deliveries whose state is made anew, and runs after that."""

from typing import Any

from ct_assets.delivery import DeliveryResult
from ct_assets.delivery.recovery.rebuild import Rebuild, rebuilt
from ct_assets_tests.delivery.kit import Row, Sync, arrived, event, profile

FIRST: list[Row] = [event(f"e{n}", str(n % 7), 1_700_000_000 + n, Key=f"e{n}") for n in range(20)]
MORE: list[Row] = [
    *FIRST,
    *(event(f"f{n}", str(n), 1_700_001_000 + n, Key=f"f{n}") for n in range(5)),
]
NEW: list[Row] = [*MORE, event("g", "1", 1_700_002_000, Key="g")]
ALL = sorted(str(row["_key"]) for row in NEW)
PEOPLE: list[Row] = [profile(str(n), Name="Li", also=[f"Email:{n}@a.example"]) for n in range(9)]
CHANGED: list[Row] = [profile("0", Name="Wu"), *PEOPLE[1:]]


def rebuild(sync: Sync, rows: list[Row], **options: Any) -> Rebuild:
    with rebuilt(sync.request(rows), **options) as new:
        new.put_in_place()
    return new


def delivered(sync: Sync) -> list[str]:
    return sorted(record["evtData"]["Key"] for record in arrived(sync.sandbox))


def goes_on(sync: Sync, rows: list[Row] = NEW) -> DeliveryResult:
    """A run after a rebuild, which has nothing to say of it."""
    result = sync.run(rows)
    assert result.notes == ()
    assert sync.run(rows).counts.planned == 0
    return result
