import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.ledger.delivery_ledger import DeliveryLedger
from ct_assets.delivery.ledger.ledger_entries import LedgerEntry, LedgerError
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.state import witness
from ct_assets.delivery.state.sync_files import LEDGER

OLD, NEW = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


def test_entries_come_back_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    with LedgerFile(tmp_path, durable=True) as file:
        ledger = DeliveryLedger(file, file.begin("run", NEW))
        ledger.sent(0, range(3))
        ledger.acked(0, [0, 2], [Refusal(2, 515, "Email is not valid.")])
        ledger.not_taken(0, [1])
        ledger.unknown(1, range(2), "HTTP 503")

        assert list(file.entries(1)) == [
            LedgerEntry(1, 0, 0, 3, "sent", None),
            LedgerEntry(2, 0, 0, 1, "acked", None),
            LedgerEntry(3, 0, 2, 3, "acked", None),
            LedgerEntry(4, 0, 1, 2, "not_taken", None),
            LedgerEntry(5, 1, 0, 2, "unknown", "HTTP 503"),
        ]
        assert list(file.refusals(1, 10)) == [[(3, 2, 515, "Email is not valid.")]]


@pytest.mark.parametrize("records", [99, 100, 101, 1000])
def test_all_records_of_a_request_may_be_refused(tmp_path: Path, records: int) -> None:
    refusals = [
        Refusal(row, 515, f"No. Skipped record number : {row + 1}") for row in range(records)
    ]

    with LedgerFile(tmp_path, durable=False) as file:
        DeliveryLedger(file, file.begin("run", NEW)).acked(0, range(records), refusals)

        assert list(file.refusals(1, 1000)) == [
            [(1, row, 515, f"No. Skipped record number : {row + 1}") for row in range(records)]
        ]


def test_another_process_reads_while_it_is_written(tmp_path: Path) -> None:
    with LedgerFile(tmp_path, durable=True) as file:
        DeliveryLedger(file, file.begin("run", NEW)).sent(0, range(3))
        reader = sqlite3.connect(f"file:{tmp_path / LEDGER}?mode=ro", uri=True)

        assert reader.execute("select outcome from sends").fetchall() == [("sent",)]
        reader.close()


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 1)])
def test_events_are_synced_to_the_disk(tmp_path: Path, *, durable: bool, synchronous: int) -> None:
    with LedgerFile(tmp_path, durable=durable) as file:
        found = file._connection.execute("pragma synchronous").fetchone()

    assert found == (synchronous,)


def test_old_deliveries_are_pruned_but_the_latest_stays(tmp_path: Path) -> None:
    with LedgerFile(tmp_path, durable=False) as file:
        for _ in range(2):
            DeliveryLedger(file, file.begin("run", OLD)).sent(0, range(3))
        file.prune(NEW)

        assert list(file.entries(1)) == []
        assert len(list(file.entries(2))) == 1


def test_a_newer_ledger_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / LEDGER) as connection:
        connection.execute("pragma user_version = 9")
    connection.close()

    with pytest.raises(LedgerError, match=r"version 9, this one knows 2\); upgrade ct_assets"):
        LedgerFile(tmp_path, durable=False)


def test_messages_that_quote_a_person_are_blanked(tmp_path: Path) -> None:
    with LedgerFile(tmp_path, durable=False) as file:
        ledger = DeliveryLedger(file, file.begin("run", NEW))
        ledger.acked(0, range(1), [Refusal(0, 515, "ada@example.com is not valid")])
        file.erase(["ada@example.com"])

    assert b"ada@example" not in (tmp_path / LEDGER).read_bytes()


def lost_entries(home: Path) -> bool:
    ledger = witness.read(home).ledger
    assert ledger
    return ledger.has_lost_entries


def test_entries_that_are_lost_are_missed(tmp_path: Path) -> None:
    home = tmp_path / "state" / "account" / "purchases"
    home.mkdir(parents=True)
    wal = home / f"{LEDGER}-wal"
    with LedgerFile(home, durable=True) as file:
        ledger = DeliveryLedger(file, file.begin("run", NEW))
        file._connection.execute("pragma wal_checkpoint(truncate)")
        ledger.sent(0, range(3))
        killed = shutil.copytree(home, tmp_path / "killed" / "account" / "purchases")

    assert not lost_entries(home)
    assert not lost_entries(killed)
    wal = killed / wal.name
    content = wal.read_bytes()
    for damaged in (b"", content[:-1], content[: len(content) // 2], content[::-1]):
        wal.write_bytes(damaged)
        assert lost_entries(killed)
    wal.unlink()
    assert lost_entries(killed)


def test_entries_of_another_ledger_are_no_entries_of_this_one(tmp_path: Path) -> None:
    with LedgerFile(tmp_path, durable=True) as file:
        delivery = file.begin("run", NEW)
        file.note_outbox(delivery, 7)
        DeliveryLedger(file, delivery).sent(0, range(3))
        assert len(list(file.entries(delivery))) == 1
        file.note_outbox(delivery, 8)

        with pytest.raises(LedgerError, match="entry 1 of the ledger"):
            list(file.entries(delivery))
