"""A few kills at random moments; the storm of a hundred is in the benchmarks."""

from pathlib import Path
from random import Random
from typing import Literal

import pytest

from ct_assets_tests.delivery.crash import Storm, server


def assert_nothing_lost(storm: Storm) -> None:
    assert storm.sent_after_ack() == {}
    if storm.on_unknown == "resend":
        assert storm.missing() == set()
        assert storm.repeated_batches() <= 15 * storm.kills
    else:
        assert storm.missing() <= storm.parked
        assert storm.repeated_batches() == 0


@pytest.mark.slow
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_killed_runs_lose_nothing(tmp_path: Path, on_unknown: Literal["resend", "park"]) -> None:
    with server(tmp_path / "data", latency=0.4) as running:
        storm = Storm(tmp_path, running, on_unknown, events=3000, rng=Random(11))
        storm.rage(kills=4)

        assert_nothing_lost(storm)
