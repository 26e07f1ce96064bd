from random import Random

import pytest

from ct_assets.delivery.sender.retry import Retry


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
