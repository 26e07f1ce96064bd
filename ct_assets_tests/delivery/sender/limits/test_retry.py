from random import Random

import pytest

from ct_assets.delivery.sender.limits.retry import Failures, Retry


@pytest.mark.parametrize(
    ("failures", "most"), [(0, 0.5), (1, 1.0), (4, 8.0), (6, 30.0), (10_000, 30.0)]
)
def test_delay_is_anything_up_to_a_growing_bound(failures: int, most: float) -> None:
    rng, retry = Random(7), Retry()

    delays = [retry.delay(failures, rng) for _ in range(1000)]

    assert 0.0 <= min(delays) < 0.05 * most
    assert 0.95 * most < max(delays) <= most


def test_same_seed_same_delays() -> None:
    first, second = Random(7), Random(7)

    assert [Retry().delay(n, first) for n in range(9)] == [
        Retry().delay(n, second) for n in range(9)
    ]


@pytest.mark.parametrize(("reached", "patience"), [(True, 60.0), (False, 5.0)])
def test_a_request_is_made_again_until_patience_is_over(*, reached: bool, patience: float) -> None:
    retry, rng, failures = Retry(patience=60.0, unreached=5.0), Random(7), Failures()

    first = retry.wait(failures, 100.0, rng, reached=reached, floor=2.0)

    assert first is not None
    assert 2.0 <= first <= 2.5
    assert failures == Failures(1, 100.0)
    assert retry.wait(failures, 100.0 + patience, rng, reached=reached, floor=2.0) is None
