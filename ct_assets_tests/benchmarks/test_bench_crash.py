"""A hundred SIGKILLs over syncs of 50,000 events, at start-up, planning, sending, fold, renames."""

from pathlib import Path
from random import Random
from typing import Literal

import pytest

from ct_assets_tests.delivery.crash import Storm, server
from ct_assets_tests.delivery.test_crash import assert_nothing_lost


@pytest.mark.bench
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_a_hundred_kills_lose_nothing(
    tmp_path: Path, on_unknown: Literal["resend", "park"]
) -> None:
    with server(tmp_path / "data", latency=0.1) as running:
        storm = Storm(tmp_path, running, on_unknown, events=50_000, rng=Random(5))
        storm.rage(kills=100)

        assert_nothing_lost(storm)
        print(
            f"{on_unknown}: {storm.kills} kills over {storm.syncs} syncs, "
            f"{storm.repeated_batches()} batches repeated, {len(storm.parked)} events parked"
        )
