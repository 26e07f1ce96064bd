"""A hundred SIGKILLs over syncs of 50,000 events: at start-up, in planning, sending, fold, renames.

Every third sync is a Dagster run. The run after a killed one begins at once.
"""

from collections import Counter
from pathlib import Path
from random import Random
from typing import Literal

import pytest

from ct_assets_tests.delivery.crash import server
from ct_assets_tests.delivery.storm import Storm
from ct_assets_tests.delivery.test_crash import assert_nothing_lost


@pytest.mark.bench
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_a_hundred_kills_lose_nothing(
    tmp_path: Path, on_unknown: Literal["resend", "park"]
) -> None:
    with server(tmp_path / "server", latency=0.1) as running:
        storm = Storm(tmp_path, running, on_unknown, events=50_000, rng=Random(5), dagster_every=3)
        storm.rage(kills=100)

        phases = Counter(kill.moment.phase for kill in storm.kills)
        print(
            f"{on_unknown}: {len(storm.kills)} kills over {storm.syncs} syncs {dict(phases)}, "
            f"{sum(kill.dagster for kill in storm.kills)} of Dagster runs; "
            f"{storm.repeated_batches()} batches repeated of "
            f"{sum(len(kill.in_doubt) for kill in storm.kills)} in doubt, at most "
            f"{max(len(kill.in_doubt) for kill in storm.kills)} by one kill; "
            f"{len(storm.parked)} events parked, {len(storm.missing())} not at the server"
        )
        assert min(phases[phase] for phase in ("start", "plan", "send", "fold", "rename")) >= 5
        assert_nothing_lost(storm)
