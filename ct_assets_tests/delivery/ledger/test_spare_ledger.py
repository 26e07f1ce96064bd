import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.ledger.delivery_ledger import DeliveryLedger
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.state.sync_files import SPARE

AT = datetime.fromisoformat("2026-01-02T03:04:05+00:00")
NAMED = Refusal(3, 512, "Name of event is too long: " + "é" * 400)


def fill(ledger: LedgerFile) -> None:
    """From now on SQLite finds the disk full."""
    ledger._connection.execute("pragma max_page_count = 1")


def outcomes(ledger: LedgerFile, delivery: int = 1) -> list[tuple[int, int, int, str]]:
    return [(e.batch, e.first, e.until, e.outcome) for e in ledger.entries(delivery)]


def written(ledger: LedgerFile) -> DeliveryLedger:
    delivery = DeliveryLedger(ledger, ledger.begin("run", AT))
    ledger.reserve(90_000)
    for batch in range(30):
        delivery.sent(batch, range(1000))
    fill(ledger)
    return delivery


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def test_every_answer_has_room_though_the_disk_is_full(home: Path) -> None:
    with LedgerFile(home, durable=True) as ledger:
        delivery = written(ledger)
        before = outcomes(ledger)
        refusals = [NAMED._replace(position=n) for n in range(1000)]
        for batch in range(15):
            delivery.acked(batch, range(1000), refusals)
        assert outcomes(ledger) == before

    with LedgerFile(home, durable=True) as ledger:
        assert outcomes(ledger) == before + [(n, 0, 1000, "acked") for n in range(15)]
        kept = [row for rows in ledger.refusals(1, 1000) for row in rows]
        assert len(kept) == 15_000
        assert {(code, message) for _, _, code, message in kept} <= {
            (512, NAMED.message[:100]),
            (512, ""),
        }
    assert not (home / SPARE).exists()


def test_nothing_leaves_once_the_disk_was_full(home: Path) -> None:
    with LedgerFile(home, durable=True) as ledger:
        delivery = written(ledger)
        delivery.unknown(0, [1, 2, 4], "reset " * 2000)  # needs a page
        ledger._connection.execute("pragma max_page_count = 1000000")

        with pytest.raises(sqlite3.Error, match="full"):
            delivery.sent(30, range(1000))
        delivery.acked(0, [1, 2, 4], [])  # and no later entry comes before an earlier one

    with LedgerFile(home, durable=True) as ledger:
        assert outcomes(ledger)[30:] == [
            *((0, 1, 3, "unknown"), (0, 4, 5, "unknown")),
            *((0, 1, 3, "acked"), (0, 4, 5, "acked")),
        ]


def test_without_reserved_space_an_outcome_is_an_error(home: Path) -> None:
    with LedgerFile(home, durable=True) as ledger:
        delivery = written(ledger)
        ledger.release()

        with pytest.raises(sqlite3.Error, match="full"):
            delivery.unknown(0, range(1000), "reset " * 2000)


def test_the_space_is_given_back(home: Path) -> None:
    with LedgerFile(home, durable=True) as ledger:
        ledger.reserve(1000)
        assert (home / SPARE).stat().st_size == 518_144
        ledger.release()
        assert not (home / SPARE).exists()


@pytest.mark.parametrize("damage", [b"", b"\xff" * 40, b"\x05\x00\x00\x00\x00\x00\x00\x00abcde"])
def test_a_damaged_spare_is_no_entry(home: Path, damage: bytes) -> None:
    with LedgerFile(home, durable=True) as ledger:
        DeliveryLedger(ledger, ledger.begin("run", AT)).sent(0, range(10))
    (home / SPARE).write_bytes(damage)

    with LedgerFile(home, durable=True) as ledger:
        assert outcomes(ledger) == [(0, 0, 10, "sent")]


def test_answers_to_another_outbox_are_not_taken_in(home: Path) -> None:
    with LedgerFile(home, durable=True) as ledger:
        delivery = written(ledger)
        delivery.unknown(0, range(1000), "reset " * 2000)
    with sqlite3.connect(home / "sends.sqlite") as connection:
        connection.execute("update deliveries set outbox = 7")
        connection.execute("delete from sends")

    with LedgerFile(home, durable=True) as ledger:
        assert outcomes(ledger) == []


def test_what_lies_in_the_spare_is_missed_though_the_disk_has_recovered(home: Path) -> None:
    with LedgerFile(home, durable=True) as ledger:
        delivery = written(ledger)
        delivery.unknown(0, range(1000), "reset " * 2000)
        ledger._connection.execute("pragma max_page_count = 1000000")

        with pytest.raises(sqlite3.Error, match="full"):
            ledger.release()

    with LedgerFile(home, durable=True) as ledger:
        assert outcomes(ledger)[30:] == [(0, 0, 1000, "unknown")]
