import pytest

from ct_assets.clevertap.contract import Limits
from ct_assets.delivery.dry_run import DryRunClient, DryRunResult, dry_run
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets_tests.delivery.kit import Sync, digests, event, profile


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(identity_bytes=2))], indirect=True
)
def test_clevertap_judges_what_would_be_sent_and_keeps_nothing(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada")])
    before, kept = digests(profiles.home.parent), profiles.sandbox.profiles()
    rows = [profile("1", Name="Ada"), profile("2", Name="Zoë"), profile("333", Name="Li")]

    with DryRunClient(profiles.destination) as client:
        asked = dry_run(profiles.request(rows), client)

    assert asked == DryRunResult(
        accepted=1, refused={"523": 1}, unanswered=0, requests=1, stopped=None
    )
    assert profiles.sandbox.requests()[-1].query == "dryRun=1"
    assert profiles.sandbox.profiles() == kept
    assert digests(profiles.home.parent) == before


def test_removed_profiles_are_not_deleted_by_asking(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([profile("1", Name="Ada"), profile("2", Name="Zoë")])

    with DryRunClient(profiles.destination) as client:
        dry_run(profiles.request([profile("1", Name="Ada")]), client)

    assert [p.identity for p in profiles.sandbox.profiles()] == ["1", "2"]


def test_records_that_are_asked_about_are_sent_all_the_same(events: Sync) -> None:
    rows = [event("e1"), event("e2")]

    with DryRunClient(events.destination) as client:
        assert dry_run(events.request(rows), client).accepted == 2

    assert events.sandbox.events() == []
    assert events.run(rows).counts.acked == 2
