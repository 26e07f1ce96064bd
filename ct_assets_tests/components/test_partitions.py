from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl
import pytest

from ct_assets.components.partitions import row_counts, within
from ct_assets.components.triggers import due
from ct_assets.io_managers.staging import Staging
from ct_assets.mapping import parse
from ct_assets.mapping.declaration import Partition
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.components import kit

INVOICES = Path("data/chinook/invoice.csv").resolve()
SOURCE = (
    "type: ct_assets.components.SourceTable\nattributes: {asset: shop/invoice, file: invoice.csv}\n"
)
SYNC = """
type: ct_assets.components.ClevertapSync
attributes:
  name: invoices
  object: event
  source: shop/invoice
  event: Charged
  event_key: InvoiceId
  ts: InvoiceDate
  identify_by: [{identity: CustomerId}]
  fields: {Amount: Total}
  partition: {by: InvoiceDate, every: EVERY, start: 2021-01-01}
"""
WHOLE = (
    SYNC.replace("name: invoices", "name: whole")
    .replace("Charged", "Billed")
    .split("  partition")[0]
)
ASSETS = [f"invoices/{stage}" for stage in ("valid", "rejected", "clevertap", "undelivered")]
FIRST, LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLEVERTAP_API_URL", clevertap_sandbox.url)
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", clevertap_sandbox.account_id)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", clevertap_sandbox.passcode)
    (tmp_path / "invoice.csv").write_bytes(INVOICES.read_bytes())
    return tmp_path


class Backfill:
    """Runs of a project as the UI's backfills start them: one for a range of partitions."""

    def __init__(self, root: Path, every: str, *, beside: str | None = None) -> None:
        files = {"shop": SOURCE, "invoices": SYNC.replace("EVERY", every)}
        files |= {"beside": beside} if beside else {}
        self.defs = kit.load(root, {f"{name}/defs.yaml": text for name, text in files.items()})
        self.instance = dg.DagsterInstance.ephemeral()
        kit.run(self.defs, "shop/invoice", instance=self.instance)

    def __call__(
        self, first: str, last: str, *, beside: Sequence[str] = ()
    ) -> dg.ExecuteInProcessResult:
        result = self.defs.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey.from_user_string(key) for key in (*ASSETS, *beside)],
            tags={FIRST: first, LAST: last},
        )
        assert result.success
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
    sync = parse(_declaration())
    staging = Staging(root / "data" / "staging")
    tags = due(sync, staging, datetime(2021, 5, 10, tzinfo=UTC))
    assert tags == {FIRST: "2021-01-01", LAST: "2021-05-01"}

    sent = len(clevertap_sandbox.events())
    after = backfill(tags[FIRST], "2021-03-01")

    assert len(clevertap_sandbox.events()) == sent + 1
    checks = {c.check_name: c for c in after.get_asset_check_evaluations()}
    assert checks["no_late_rows"].passed
    assert due(sync, staging, datetime(2021, 5, 10, tzinfo=UTC))[FIRST] == "2021-04-01"


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


def _declaration() -> dict[str, object]:
    return {
        "name": "invoices",
        "object": "event",
        "source": "shop/invoice",
        "event": "Charged",
        "event_key": "InvoiceId",
        "identify_by": [{"identity": "CustomerId"}],
        "partition": {"by": "InvoiceDate", "every": "month", "start": "2021-01-01"},
    }
