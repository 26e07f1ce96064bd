import pytest

from ct_assets.delivery import DeliveryFailed
from ct_assets_tests.delivery.kit import Row, Sync, arrived, profile

WAITING = 15
"""Batches that may be in flight when the limit is reached."""
BAD: list[Row] = [profile(f"bad-{n}", Name="Li", Email="nobody") for n in range(200)]
GOOD: list[Row] = [profile(f"good-{n}", Name="Li") for n in range(200)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ct_assets.delivery.sender.limits.refusal_limit.JUDGED", 20)
    monkeypatch.setattr("ct_assets.delivery.delivery_request.MAX_RECORDS", 2)


def stopped(sync: Sync, rows: list[Row]) -> str:
    before = len(arrived(sync.sandbox))
    with pytest.raises(DeliveryFailed) as failed:
        sync.run(rows)
    assert failed.value.result
    counts = failed.value.result.counts
    assert counts.unsent == len(rows) - counts.acked - counts.refused
    left = len(arrived(sync.sandbox)) - before
    assert left == counts.acked + counts.refused <= 20 + 2 * WAITING
    return str(failed.value)


def test_a_first_delivery_that_is_refused_ends_soon(profiles: Sync) -> None:
    assert stopped(profiles, BAD) == (
        "customers: CleverTap refused 20 of 20 records, more than max_refused (50%) lets pass; "
        "most often with code 515 for Email: E-mail address is invalid. Mend that, or raise "
        "max_refused; what is left unsent goes with the next run"
    )


def test_a_share_that_is_declared_holds_for_every_delivery(profiles: Sync) -> None:
    profiles.policy_with(max_refused=0.1)
    profiles.run(GOOD[:10])
    mixed = [row for pair in zip(GOOD[10:], BAD, strict=False) for row in pair]

    assert "more than max_refused (10%) lets pass" in stopped(profiles, mixed)


@pytest.mark.parametrize("share", [None, 1.0])
def test_a_sync_that_delivered_before_goes_on(profiles: Sync, share: float | None) -> None:
    profiles.run(GOOD[:1])
    profiles.policy_with(max_refused=share)

    assert profiles.run(BAD).counts.refused == len(BAD)


def test_half_of_a_first_delivery_may_be_refused(profiles: Sync) -> None:
    rows = [row for pair in zip(GOOD, BAD, strict=True) for row in pair]

    assert profiles.run(rows).counts.refused == len(BAD)
