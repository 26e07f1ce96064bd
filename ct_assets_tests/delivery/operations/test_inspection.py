from datetime import timedelta

import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.delivery.operations.inspection import DeliveryRun, key_history, sync_status
from ct_assets.delivery.state.sync_lock import SyncBusyError, locked
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets_tests.delivery.kit import NOW, Sync, digests, event, profile

SHORT_IDENTITIES = [Settings(limits=Limits(identity_bytes=2))]


def test_nothing_is_known_of_a_sync_that_was_never_sent(profiles: Sync) -> None:
    assert sync_status(profiles.home) is None
    assert key_history(profiles.home, profiles.policy, "1") is None
    assert not profiles.home.exists()


@pytest.mark.parametrize("clevertap_sandbox", SHORT_IDENTITIES, indirect=True)
def test_a_sync_stands_as_its_last_run_left_it(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada"), profile("333", Name="Li")])
    before = digests(profiles.home.parent)

    found = sync_status(profiles.home)

    assert found is not None
    assert found.last == DeliveryRun(1, "run-1", NOW)
    assert (found.synced, found.held, found.open) == (1, {"refused": 1}, False)
    assert digests(profiles.home.parent) == before


def test_a_delivery_that_was_cut_short_is_told(events: Sync) -> None:
    events.run_until_fold([event("e1")])
    before = digests(events.home)

    found = sync_status(events.home)

    assert found is not None
    assert (found.synced, found.open) == (0, True)
    assert digests(events.home) == before


def test_a_sync_under_way_is_left_alone(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada")])

    with locked(profiles.home, timedelta(0)), pytest.raises(SyncBusyError, match="is under way"):
        sync_status(profiles.home)


@pytest.mark.parametrize("clevertap_sandbox", SHORT_IDENTITIES, indirect=True)
def test_the_story_of_a_refused_key(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada"), profile("333", Name="Li")])

    found = key_history(profiles.home, profiles.policy, "333")

    assert found is not None
    assert (found.acknowledged, found.by, found.doubtful) == (False, None, False)
    assert [(h.reason, h.code) for h in found.held] == [("refused", "523")]
    (outcome,) = found.outcomes
    assert (outcome.at, outcome.run, outcome.outcome, outcome.code) == (
        NOW, "run-1", "refused", "523",
    )  # fmt: skip
    assert outcome.hint


def test_the_story_of_an_acknowledged_key_over_several_runs(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada")])
    profiles.run([profile("1", Name="Zoë")])

    found = key_history(profiles.home, profiles.policy, "1")

    assert found is not None
    assert found.acknowledged
    assert found.by == DeliveryRun(2, "run-2", NOW)
    assert [(o.run, o.outcome) for o in found.outcomes] == [("run-2", "acked"), ("run-1", "acked")]


def test_a_story_counts_what_a_killed_run_had_acknowledged(events: Sync) -> None:
    events.run_until_fold([event("e1")])
    before = digests(events.home)

    found = key_history(events.home, events.policy, "e1")

    assert found is not None
    assert found.acknowledged
    assert [(o.run, o.outcome) for o in found.outcomes] == [("run-1", "acked")]
    assert digests(events.home) == before
