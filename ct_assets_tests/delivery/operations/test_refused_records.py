from datetime import UTC, datetime, timedelta

from ct_assets.delivery.operations.refused_records import replay
from ct_assets_tests.delivery.kit import Sync, profile, report

BAD = [profile("1", Email="nobody"), profile("2", Phone="+1")]


def test_refused_rows_go_again_after_a_replay(profiles: Sync) -> None:
    profiles.run(BAD)

    assert replay(profiles.home, profiles.policy) == 2
    assert report(profiles.run(BAD)) == [("1", "refused", "515"), ("2", "refused", "516")]


def test_by_code(profiles: Sync) -> None:
    profiles.run(BAD)

    assert replay(profiles.home, profiles.policy, code="516") == 1
    assert report(profiles.run(BAD)) == [("1", "held", "515"), ("2", "refused", "516")]


def test_by_date(profiles: Sync) -> None:
    profiles.run(BAD)
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    assert replay(profiles.home, profiles.policy, since=tomorrow) == 0
    assert replay(profiles.home, profiles.policy, since=tomorrow - timedelta(days=2)) == 2
