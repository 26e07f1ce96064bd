import pytest

from ct_assets.delivery.ledger.ledger_entries import LedgerEntry
from ct_assets.delivery.settlement.last_outcomes import stretches


def entry(number: int, first: int, until: int, outcome: str, batch: int = 0) -> LedgerEntry:
    return LedgerEntry(
        number, batch, first, until, outcome, "why" if outcome == "unknown" else None
    )


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], []),
        ([(0, 9, "sent")], [(0, 9, "unknown")]),
        ([(0, 9, "sent"), (0, 9, "acked")], [(0, 9, "acked")]),
        ([(0, 9, "sent"), (0, 9, "not_taken")], [(0, 9, "unsent")]),
        ([(0, 9, "sent"), (0, 9, "unknown")], [(0, 9, "unknown")]),
        # what may have been stored once is settled by an ack only
        (
            [(0, 9, "sent"), (0, 9, "unknown"), (0, 9, "sent"), (0, 9, "not_taken")],
            [(0, 9, "unknown")],
        ),
        ([(0, 9, "sent"), (0, 9, "unknown"), (0, 9, "sent"), (0, 9, "acked")], [(0, 9, "acked")]),
        ([(0, 9, "sent"), (0, 9, "sent"), (0, 9, "not_taken")], [(0, 9, "unknown")]),
        # parts: halves of a batch, single records, a repeat of a few
        (
            [(0, 9, "sent"), (0, 9, "not_taken"), (0, 4, "sent"), (0, 4, "acked")],
            [(0, 4, "acked"), (4, 9, "unsent")],
        ),
        (
            [(0, 3, "acked"), (3, 4, "not_taken"), (4, 9, "acked"), (3, 4, "sent")],
            [(0, 3, "acked"), (3, 4, "unknown"), (4, 9, "acked")],
        ),
        (
            [(0, 9, "not_taken"), (2, 5, "acked"), (4, 7, "sent")],
            [
                (0, 2, "unsent"),
                (2, 4, "acked"),
                (4, 5, "unknown"),
                (5, 7, "unknown"),
                (7, 9, "unsent"),
            ],
        ),
        # refusals that were held against single records and taken back
        ([(0, 1, "sent"), (0, 1, "acked"), (0, 1, "not_taken")], [(0, 1, "unsent")]),
    ],
)
def test_the_last_word_holds(
    entries: list[tuple[int, int, str]], expected: list[tuple[int, int, str]]
) -> None:
    found = stretches(entry(number, *one) for number, one in enumerate(entries))

    assert [(part.first, part.until, part.outcome) for part in found] == expected


def test_a_doubt_keeps_its_reason() -> None:
    outcomes = ["sent", "unknown", "sent", "not_taken"]
    (part,) = stretches(entry(number, 0, 9, one) for number, one in enumerate(outcomes))

    assert (part.outcome, part.why) == ("unknown", "why")


def test_batches_do_not_mix() -> None:
    found = stretches([entry(1, 0, 9, "acked", batch=3), entry(2, 0, 9, "sent", batch=4)])

    assert [(part.batch, part.outcome) for part in found] == [(3, "acked"), (4, "unknown")]
