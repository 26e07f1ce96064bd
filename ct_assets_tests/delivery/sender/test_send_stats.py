import pytest

from ct_assets.delivery.sender.send_stats import Latencies


def test_percentiles_are_right_to_five_percent() -> None:
    latencies = Latencies()
    for milliseconds in range(1, 1001):
        latencies.add(milliseconds / 1000)

    assert latencies.percentile(0.5) == pytest.approx(0.5, rel=0.05)
    assert latencies.percentile(0.99) == pytest.approx(0.99, rel=0.05)
    assert latencies.percentile(1.0) == pytest.approx(1.0, rel=0.05)


def test_nothing_answered() -> None:
    assert Latencies().percentile(0.5) == 0.0
