from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl
import pytest

from ct_assets.components.automation.partition_choice import due
from ct_assets.components.automation.partition_choice import tags as tags_of
from ct_assets.components.automation.partitions import (
    row_counts,
    within,
)
from ct_assets.components.automation.schedules import tick
from ct_assets.mapping import Sync
from ct_assets.mapping.declaration.sync_parts import Partition
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.staging import Staging
from ct_assets_tests.components import kit
from ct_assets_tests.components.automation.partitions_kit import SYNC, declared

pytestmark = pytest.mark.sampled(5)

SOURCE = (
    "type: ct_assets.components.SourceTable\nattributes: {asset: shop/invoice, file: invoice.csv}\n"
)

WHOLE = (
    SYNC.replace("name: invoices", "name: whole")
    .replace("Charged", "Billed")
    .split("  partition")[0]
)

ASSETS = [f"invoices/{stage}" for stage in ("valid", "rejected", "clevertap", "undelivered")]
FIRST, LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def tags_due(sync: Sync, staging: Staging, now: datetime) -> dict[str, str]:
    return tags_of(due(sync, staging, now))


MONTHLY = declared("month")


class Backfill:
    """Runs of a project as the UI's backfills start them: one for a range of partitions."""

    def __init__(self, root: Path, every: str, *, beside: str | None = None) -> None:
        files = {"shop": SOURCE, "invoices": SYNC.replace("EVERY", every)}
        files |= {"beside": beside} if beside else {}
        self.defs = kit.load(root, {f"{name}/defs.yaml": text for name, text in files.items()})
        self.instance = dg.DagsterInstance.ephemeral()
        kit.run(self.defs, "shop/invoice", instance=self.instance)

    def __call__(
        self, first: str, last: str, *, beside: Sequence[str] = (), succeeds: bool = True
    ) -> dg.ExecuteInProcessResult:
        result = self.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey.from_user_string(key) for key in (*ASSETS, *beside)],
            tags={FIRST: first, LAST: last},
            raise_on_error=False,
        )
        assert result.success is succeeds
        return result


@pytest.mark.parametrize(
    ("every", "first", "last", "events"),
    [
        ("month", "2021-01-01", "2021-12-01", 83),
        ("day", "2021-01-01", "2021-01-30", 6),
    ],
)
def test_a_backfill_is_one_run_and_sends_only_what_is_lacking(
    root: Path, clevertap_sandbox: SandboxInTest, every: str, first: str, last: str, events: int
) -> None:
    backfill = Backfill(root, every)

    result = backfill(first, last)

    assert len(clevertap_sandbox.events()) == events
    told = [e for e in result.all_events if e.is_step_materialization]
    parts = {e.partition for e in told if e.asset_key == dg.AssetKey(["invoices", "clevertap"])}
    assert len(parts) == {"month": 12, "day": 30}[every]
    requests = len(clevertap_sandbox.requests())
    backfill(first, last)
    backfill(first, first)
    assert len(clevertap_sandbox.requests()) == requests


def test_one_partition_is_sent_by_itself(root: Path, clevertap_sandbox: SandboxInTest) -> None:
    backfill = Backfill(root, "month")

    for _ in range(2):
        result = backfill.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=backfill.instance,
            asset_selection=[dg.AssetKey.from_user_string(key) for key in ASSETS],
            partition_key="2021-02-01",
        )

    assert {e.partition for e in result.all_events if e.is_step_materialization} == {"2021-02-01"}
    assert len(clevertap_sandbox.events()) == 7
    assert len(clevertap_sandbox.requests()) == 1


def test_a_run_of_partitions_may_send_a_sync_that_has_none(
    root: Path, clevertap_sandbox: SandboxInTest
) -> None:
    backfill = Backfill(root, "month", beside=WHOLE)

    backfill("2021-01-01", "2021-02-01", beside=["whole/valid", "whole/clevertap"])

    names = [event.name for event in clevertap_sandbox.events()]
    assert (names.count("Charged"), names.count("Billed")) == (13, 412)


def test_late_rows_are_noticed_and_picked_up(root: Path, clevertap_sandbox: SandboxInTest) -> None:
    backfill = Backfill(root, "month")
    backfill("2021-01-01", "2021-03-01")
    with (root / "invoice.csv").open("a") as csv:
        csv.write("9001,2,2021-01-31 10:00:00,,,,,,5\n")
    kit.run(backfill.defs, "shop/invoice", instance=backfill.instance)

    noticed = backfill("2021-03-01", "2021-03-01")

    checks = {c.check_name: c for c in noticed.get_asset_check_evaluations()}
    assert not checks["no_late_rows"].passed
    assert checks["no_late_rows"].metadata["rows/2021-01-01"].value == 1
    staging = Staging(root / "data" / "staging")
    tags = tags_due(MONTHLY, staging, datetime(2021, 5, 10, tzinfo=UTC))
    assert tags == {FIRST: "2021-01-01", LAST: "2021-05-01"}

    sent = len(clevertap_sandbox.events())
    after = backfill(tags[FIRST], "2021-03-01")

    assert len(clevertap_sandbox.events()) == sent + 1
    checks = {c.check_name: c for c in after.get_asset_check_evaluations()}
    assert checks["no_late_rows"].passed
    assert tags_due(MONTHLY, staging, datetime(2021, 5, 10, tzinfo=UTC))[FIRST] == "2021-04-01"


def test_what_could_not_be_delivered_stays_due(
    root: Path, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    backfill, staging = Backfill(root, "month"), Staging(root / "data" / "staging")
    backfill("2021-01-01", "2021-03-01")
    sent, now = len(clevertap_sandbox.events()), datetime(2021, 3, 10, tzinfo=UTC)
    with (root / "invoice.csv").open("a") as csv:
        csv.write("9001,2,2021-01-31 10:00:00,,,,,,5\n")
    kit.run(backfill.defs, "shop/invoice", instance=backfill.instance)

    monkeypatch.setenv("CLEVERTAP_PASSCODE", "wrong")
    backfill("2021-01-01", "2021-03-01", succeeds=False)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", clevertap_sandbox.passcode)
    tags = tags_due(MONTHLY, staging, now)
    backfill(tags[FIRST], tags[LAST])

    assert tags == {FIRST: "2021-01-01", LAST: "2021-03-01"}
    assert len(clevertap_sandbox.events()) == sent + 1
    assert tags_due(MONTHLY, staging, now)[FIRST] == "2021-02-01"
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "OTHER")
    assert tags_due(MONTHLY, staging, now)[FIRST] == "2021-01-01", "nothing went to that account"


def test_periods_without_a_run_are_made_up_for(
    root: Path, clevertap_sandbox: SandboxInTest
) -> None:
    backfill, staging = Backfill(root, "day"), Staging(root / "data" / "staging")
    rows = "".join(f"{9000 + day},2,2026-01-{day:02} 10:00:00,,,,,,5\n" for day in range(5, 20))
    head = (root / "invoice.csv").read_text().splitlines()[0]
    (root / "invoice.csv").write_text(f"{head}\n{rows}")
    kit.run(backfill.defs, "shop/invoice", instance=backfill.instance)
    sync = declared("day")

    firsts = []
    for day in (12, 19, 20):
        tags = tags_due(sync, staging, datetime(2026, 1, day, 6, tzinfo=UTC))
        firsts.append(tags[FIRST])
        backfill(tags[FIRST], tags[LAST])

    assert firsts == ["2026-01-11", "2026-01-05", "2026-01-19"]
    assert len(clevertap_sandbox.events()) == 15


def test_a_trial_of_a_few_records_leaves_the_rest_due(
    root: Path, clevertap_sandbox: SandboxInTest
) -> None:
    backfill, staging = Backfill(root, "month"), Staging(root / "data" / "staging")
    backfill.defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=backfill.instance,
        asset_selection=[dg.AssetKey.from_user_string(key) for key in ASSETS],
        tags={FIRST: "2021-01-01", LAST: "2021-03-01"},
        run_config={"ops": {"invoices__clevertap": {"config": {"limit": 2}}}},
    )

    assert len(clevertap_sandbox.events()) == 2
    assert tags_due(MONTHLY, staging, datetime(2021, 3, 10, tzinfo=UTC))[FIRST] == "2021-01-01"


def test_a_partition_is_compared_with_the_one_before_it(root: Path) -> None:
    backfill = Backfill(root, "day")
    head = (root / "invoice.csv").read_text().splitlines()[0]

    def filled(rows: Mapping[int, str], first: str, last: str) -> bool:
        told = (f"{day},2,2021-01-{day:02} 10:00:00,,,,,,{total}" for day, total in rows.items())
        (root / "invoice.csv").write_text("\n".join((head, *told, "")))
        kit.run(backfill.defs, "shop/invoice", instance=backfill.instance)
        checks = backfill(first, last).get_asset_check_evaluations()
        return {check.check_name: check.passed for check in checks}["fields_filled"]

    before = filled({1: "5", 2: "5"}, "2021-01-01", "2021-01-02")
    empty = filled({1: "5", 2: "5"}, "2021-01-03", "2021-01-04")
    after = filled({5: "", 6: ""}, "2021-01-05", "2021-01-06")

    assert (before, empty, after) == (True, True, False)


def test_a_tick_before_the_first_period_asks_for_nothing(root: Path) -> None:
    sync = declared("day", "2026-02-01")

    asked = tick(
        sync, dg.DagsterInstance.ephemeral(), Staging(root), datetime(2026, 1, 1, tzinfo=UTC)
    )

    assert asked == dg.SkipReason(
        "invoices has nothing to send yet: its partitions start in the future"
    )


def test_a_row_that_moves_to_another_partition_is_not_sent_twice(
    root: Path, clevertap_sandbox: SandboxInTest
) -> None:
    backfill = Backfill(root, "month")
    backfill("2021-01-01", "2021-01-01")
    sent = len(clevertap_sandbox.events())
    moved = (root / "invoice.csv").read_text().replace("1,2,2021-01-01 00", "1,2,2022-02-01 00", 1)
    (root / "invoice.csv").write_text(moved)
    kit.run(backfill.defs, "shop/invoice", instance=backfill.instance)

    backfill("2022-02-01", "2022-02-01")

    keys = [event.props["Amount"] for event in clevertap_sandbox.events()]
    counted = row_counts(pl.scan_csv(root / "invoice.csv", infer_schema=False), PARTITION)
    assert len(keys) == sent + counted["2022-02-01"] - 1


PARTITION = Partition(by="InvoiceDate", every="month", start=date(2021, 1, 1))


def test_rows_belong_to_the_window_of_their_time_zone() -> None:
    rome = Partition(by="at", every="day", start=date(2026, 1, 1), timezone="Europe/Rome")
    rows = pl.LazyFrame({"at": ["2026-01-01 23:59:59", "2026-01-02 00:00:00", None]})
    zone = ZoneInfo("Europe/Rome")

    first = within(rows, rome, datetime(2026, 1, 1, tzinfo=zone), datetime(2026, 1, 2, tzinfo=zone))
    second = within(
        rows, rome, datetime(2026, 1, 2, tzinfo=zone), datetime(2026, 1, 3, tzinfo=zone)
    )

    assert first.collect()["at"].to_list() == ["2026-01-01 23:59:59", None]
    assert second.collect()["at"].to_list() == ["2026-01-02 00:00:00"]
    assert row_counts(rows, rome) == {"2026-01-01": 1, "2026-01-02": 1}
