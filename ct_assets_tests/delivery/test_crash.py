"""A few kills at random moments; the storm of a hundred is in the benchmarks."""

from pathlib import Path
from random import Random
from typing import Literal

import pytest

from ct_assets_tests.delivery.crash import server
from ct_assets_tests.delivery.storm import Storm


def assert_nothing_lost(storm: Storm) -> None:
    assert storm.sent_after_ack() == {}
    assert storm.acked_but_missing() == set()
    assert storm.never_in_doubt() == set()
    assert max(len(kill.in_doubt) for kill in storm.kills) <= 15
    if storm.on_unknown == "resend":
        assert storm.missing() == set()
        assert storm.repeated_batches() <= sum(len(kill.in_doubt) for kill in storm.kills)
    else:
        assert storm.missing() <= storm.parked
        assert storm.repeated() == set()


@pytest.mark.slow
@pytest.mark.sampled(2)
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_killed_runs_lose_nothing(tmp_path: Path, on_unknown: Literal["resend", "park"]) -> None:
    with server(tmp_path / "server", latency=0.4) as running:
        storm = Storm(tmp_path, running, on_unknown, events=3000, rng=Random(11))
        storm.rage(kills=4)

        assert_nothing_lost(storm)
