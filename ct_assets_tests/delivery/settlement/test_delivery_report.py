import os
from datetime import timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ct_assets.clevertap.codes import explain
from ct_assets.delivery import DeliveryFailed, DeliveryResult
from ct_assets_tests.delivery.kit import NOW, Sync, event, profile

SCHEMA = {
    "key": pl.String,
    "kind": pl.String,
    "outcome": pl.String,
    "code": pl.String,
    "message": pl.String,
    "hint": pl.String,
    "batch": pl.UInt32,
    "run": pl.String,
}


def rows(result: DeliveryResult) -> pl.DataFrame:
    return pl.read_parquet(result.report).sort("key")


def test_a_report_says_what_became_of_each_row_and_what_to_do(profiles: Sync) -> None:
    profiles.run([profile("0", Email="nobody")])

    result = profiles.run(
        [profile("0", Email="nobody"), profile("1", Name="Ada"), profile("2", Phone="+1")]
    )

    email = "Profile data is incorrect. Email is not valid.Skipped record number : 1"
    phone = "Profile data is incorrect. Phone number is not valid.Skipped record number : 2"
    fix = [explain(515).fix, None, explain(516).fix]
    expected = [
        ("0", "identity", "held", "515", email, fix[0], 0, "run-2"),
        ("1", "identity", "acked", None, None, None, 0, "run-2"),
        ("2", "identity", "refused", "516", phone, fix[2], 0, "run-2"),
    ]
    assert_frame_equal(rows(result), pl.DataFrame(expected, schema=SCHEMA, orient="row"))


def test_a_failed_run_has_its_report(events: Sync) -> None:
    events.sandbox.faults.script("revoked", repeat=True)

    with pytest.raises(DeliveryFailed, match="credentials or region refused") as failed:
        events.run([event("e1")])

    assert failed.value.result
    found = rows(failed.value.result)
    assert found.select("key", "kind", "outcome").rows() == [("e1", "event", "unsent")]


def test_a_killed_run_gets_its_report_from_the_next(events: Sync) -> None:
    events.run_until_fold([event("e1")])

    result = events.run([event("e2")])

    assert result.settled
    assert result.settled.acked == 1
    first, second = sorted((events.home / "reports").iterdir())
    assert pl.read_parquet(first).select("key", "outcome", "run").rows() == [
        ("e1", "acked", "run-1")
    ]
    assert second == result.report


def test_old_reports_go(events: Sync) -> None:
    old = events.run([event("e1")])
    before = (NOW - timedelta(days=31)).timestamp()
    os.utime(old.report, (before, before))

    events.run([event("e2")])

    assert [path.name for path in (events.home / "reports").iterdir()] == ["00000002.parquet"]
