import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery.delivery_request import LogPolicy
from ct_assets.delivery.ledger.delivery_ledger import DeliveryLedger
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.operations.erasure import erase_person
from ct_assets.delivery.operations.settled_state import settled
from ct_assets.delivery.settlement import log_files, sync_log
from ct_assets.files import replacing
from ct_assets.row_counts import RowCounts
from ct_assets_tests.delivery.kit import NOW, Sync, event, profile
from ct_assets_tests.delivery.settlement.twelve_deliveries import (
    delivered_twelve_times,
    rejections,
)

pytestmark = pytest.mark.sampled(3)

COLUMNS = {
    "sync": pl.String,
    "destination": pl.String,
    "state": pl.String,
    "delivery": pl.Int64,
    "run": pl.String,
    "began_at": pl.Datetime("us", "UTC"),
    "partition": pl.String,
    "key": pl.String,
    "kind": pl.String,
    "identity": pl.String,
    "change": pl.String,
    "action": pl.String,
    "fields": pl.String,
    "outcome": pl.String,
    "code": pl.String,
    "reason": pl.String,
    "attempts": pl.Int32,
    "batch": pl.Int32,
    "sent_at": pl.Datetime("us", "UTC"),
    "answered_at": pl.Datetime("us", "UTC"),
    "record": pl.String,
    "message": pl.String,
}


@pytest.fixture
def logged(profiles: Sync) -> Sync:
    profiles.policy_with(log=LogPolicy())
    return profiles


def log(sync: Sync) -> pl.DataFrame:
    paths = log_files.files(sync.home)
    return pl.concat([pl.read_parquet(path) for path in paths])


def lines(sync: Sync, *columns: str) -> list[tuple[Any, ...]]:
    return log(sync).sort("delivery", "key").select(columns).rows()


def test_no_log_is_kept_unless_it_is_asked_for(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada")])

    assert log_files.files(profiles.home) == []
    assert not (profiles.home / "staying.parquet").exists()


def test_each_operation_of_a_delivery_is_a_row(logged: Sync) -> None:
    logged.run([profile("1", Name="Ada", Email="ada@example.com"), profile("2", Name="Zoë")])
    logged.run([profile("1", Name="Augusta"), profile("2", Name="Zoë"), profile("3", Name="Li")])

    assert dict(log(logged).schema) == COLUMNS
    assert lines(logged, "delivery", "key", "change", "action", "fields", "outcome", "run") == [
        (1, "1", "new", "upsert", '["Name","Email"]', "acked", "run-1"),
        (1, "2", "new", "upsert", '["Name"]', "acked", "run-1"),
        (2, "1", "changed", "upsert", '["Name"]', "acked", "run-2"),
        (2, "3", "new", "upsert", '["Name"]', "acked", "run-2"),
    ]
    facts = ("sync", "destination", "attempts", "batch", "began_at", "record", "message")
    assert set(lines(logged, *facts)) == {
        ("customers", logged.destination.name, 1, 0, NOW, None, None)
    }
    times = log(logged).select(
        (pl.col("sent_at") <= pl.col("answered_at")).all(),
        pl.col("answered_at").max() < datetime.now(UTC) + timedelta(hours=1),
    )
    assert times.row(0) == (True, True)


def test_refused_held_and_rejected_rows_are_in_it_without_values(logged: Sync) -> None:
    rows = [profile("1", Email="ada@example.com"), profile("2", Email="nobody")]
    for _ in range(2):
        logged.run(
            rows,
            rejections=rejections(logged.folder, ("9", "email_syntax")),
            counts=RowCounts(source=3, rejected=1, valid=2),
        )

    assert lines(logged, "delivery", "key", "outcome", "code", "fields", "reason") == [
        (1, "1", "acked", None, '["Email"]', None),
        (1, "2", "refused", "515", '["Email"]', log(logged).filter(code="515")["reason"][0]),
        (1, "9", "rejected", "email_syntax", '["Email"]', "Email: email_syntax"),
        (2, "2", "held", "515", None, log(logged).filter(code="515")["reason"][0]),
        (2, "9", "rejected", "email_syntax", '["Email"]', "Email: email_syntax"),
    ]
    assert b"nobody" not in b"".join(path.read_bytes() for path in log_files.files(logged.home))


def test_values_are_in_it_on_request(logged: Sync) -> None:
    logged.policy_with(log=LogPolicy(values=True))

    logged.run([profile("1", Email="nobody")], rejections=rejections(logged.folder, ("9", "x")))

    (_, record, told), (_, none, why) = lines(logged, "key", "record", "message")
    assert record == '{"type":"profile","identity":"1","profileData":{"Email":"nobody"}}'
    assert told
    assert (none, why) == (None, "'nobody' is no address")


def test_an_event_bears_the_identity_of_its_person(events: Sync) -> None:
    events.policy_with(log=LogPolicy())

    events.run([event("e1", "7", Amount=3)])

    assert lines(events, "key", "kind", "identity", "fields") == [
        ("e1", "event", "7", '["Amount"]')
    ]


def test_repeats_are_counted_for_the_part_of_a_batch_that_left_again(events: Sync) -> None:
    events.policy_with(log=LogPolicy(), on_unknown="park")
    events.plan_only(events.request([event(f"e{n}", ts=n + 1) for n in range(5)]))
    with LedgerFile(events.home, durable=True) as file:
        ledger = DeliveryLedger(file, 1)
        ledger.sent(0, range(4))
        ledger.not_taken(0, range(4))
        ledger.sent(0, range(2))
        ledger.acked(0, range(2), [])
        ledger.sent(0, range(2, 4))
        ledger.unknown(0, range(2, 4), "HTTP 503")
    with settled(events.home, events.policy):
        pass

    assert lines(events, "key", "outcome", "attempts") == [
        ("e0", "acked", 2),
        ("e1", "acked", 2),
        ("e2", "unknown", 2),
        ("e3", "unknown", 2),
        ("e4", "unsent", 0),
    ]


def test_removals_are_rows_of_their_own(logged: Sync) -> None:
    logged.policy_with(on_removed="clear")
    logged.run([profile("1", Name="Ada"), profile("2", Name="Zoë")])

    logged.run([profile("1", Name="Ada")])

    assert lines(logged, "delivery", "key", "change", "action", "fields")[2:] == [
        (2, "2", "removed", "clear", '["Name"]')
    ]


def test_the_next_run_completes_the_log_of_one_that_was_killed_without_doubles(
    logged: Sync,
) -> None:
    listed = rejections(logged.folder, ("9", "email_syntax"))
    logged.run_until_fold([profile("1", Name="Ada"), profile("2", Name="Zoë")], rejections=listed)
    assert log_files.files(logged.home) == []

    logged.run([profile("1", Name="Ada")])

    assert lines(logged, "delivery", "key", "change", "outcome", "run") == [
        (1, "1", "new", "acked", "run-1"),
        (1, "2", "new", "acked", "run-1"),
        (1, "9", None, "rejected", "run-1"),
    ]
    assert [path.name for path in log_files.files(logged.home)] == [
        "00000001.parquet",
        "00000002.parquet",
    ]


def test_a_second_settlement_leaves_the_log_as_it_is(logged: Sync) -> None:
    logged.run_until_fold([profile("1", Name="Ada")])
    outbox = logged.home / "outbox.parquet"
    kept = shutil.copy(outbox, logged.folder / "kept.parquet")
    for _ in range(2):
        shutil.copy(kept, outbox)
        with settled(logged.home, logged.policy):
            pass

    assert lines(logged, "key", "change") == [("1", "new")]


def test_the_log_of_twelve_deliveries_sums_to_the_account_of_each(logged: Sync) -> None:
    accounts = delivered_twelve_times(logged)

    counted = log(logged).group_by("delivery", "outcome").len().rows()
    assert {
        delivery: Counter({outcome: n for number, outcome, n in counted if number == delivery})
        for delivery in accounts
    } == accounts
    assert len(accounts) == 12
    assert {outcome for rows in accounts.values() for outcome in rows} >= {
        *("acked", "refused", "unknown", "rejected", "held")
    }


def test_the_log_has_what_the_server_received_and_nothing_else(logged: Sync) -> None:
    delivered_twelve_times(logged)

    requests = [r for r in logged.sandbox.requests() if r.path == "/1/upload"]
    batches = log(logged).drop_nulls("batch").group_by("delivery", "batch")
    assert batches.agg(pl.col("attempts").max())["attempts"].sum() == len(requests)
    whole = [orjson.loads(request.body)["d"] for request in requests if not request.fault]
    received = Counter(record["identity"] for records in whole for record in records)
    decided = log(logged).filter(pl.col("outcome").is_in(["acked", "refused"]))
    assert Counter(decided["key"].to_list()) == received


def test_a_log_that_was_cut_off_while_it_was_written_is_completed_once(
    logged: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(sync_log, "replacing", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            logged.run([profile("1", Name="Ada"), profile("2", Name="Zoë")])
    assert log_files.files(logged.home) == []

    for _ in range(2):
        logged.run([profile("1", Name="Ada"), profile("2", Name="Zoë")])

    assert lines(logged, "delivery", "key", "change", "outcome") == [
        (1, "1", "new", "acked"),
        (1, "2", "new", "acked"),
    ]


@contextlib.contextmanager
def _cut_off(path: Path) -> Iterator[Path]:
    """Writes half of a log, as a run that is killed then."""
    if path.parent.name != log_files.FOLDER:
        with replacing(path) as partial:
            yield partial
        return
    partial = path.with_name(f".{path.name}.1.partial")
    yield partial
    partial.write_bytes(partial.read_bytes()[:100])
    raise KeyboardInterrupt


def test_files_older_than_the_log_is_kept_are_removed(logged: Sync) -> None:
    logged.run([profile("1", Name="Ada")])
    (first,) = log_files.files(logged.home)
    old = (NOW - timedelta(days=91)).timestamp()
    os.utime(first, (old, old))

    logged.run([profile("1", Name="Augusta")])

    assert [path.name for path in log_files.files(logged.home)] == ["00000002.parquet"]


def test_somebody_who_is_erased_is_in_no_line_of_it(logged: Sync) -> None:
    listed = rejections(logged.folder, ("ada-1815", "email_syntax"), ("9", "email_syntax"))
    frame = pl.read_parquet(listed).vstack(
        pl.read_parquet(listed).tail(1).with_columns(pl.lit(None).cast(pl.String).alias("key"))
    )
    frame.write_parquet(listed)
    logged.run([profile("ada-1815", Name="Ada"), profile("2", Name="Zoë")], rejections=listed)

    with Client(logged.destination) as client:
        erase_person(logged.home.parent, "ada-1815", client)

    assert [row[0] for row in lines(logged, "key")] == [None, "2", "9"]
    (path,) = log_files.files(logged.home)
    assert b"ada-1815" not in path.read_bytes()
    assert pl.read_parquet_metadata(path)["log_version"] == "1"
