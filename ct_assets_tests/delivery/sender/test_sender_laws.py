"""What holds whatever a server does: checked against a server that knows what it stored."""

import tempfile
import threading
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct_assets.clevertap.client import Answer, NoReply
from ct_assets.delivery.sender.batch import Batch
from ct_assets_tests.delivery.sending_kit import (
    Memory,
    Scripted,
    Upload,
    envelope,
    record,
    reply,
    sending,
)

LOST = NoReply("api.example.test", sent=True, why="the connection broke before the reply")


class Moody:
    """Refuses some records for good, some requests as a whole, and loses answers, by chance."""

    def __init__(self, rng: Random, faults: float) -> None:
        self.rng, self.faults = rng, faults
        self.stored: Counter[tuple[str, int]] = Counter()
        self.arrivals: defaultdict[str, list[int]] = defaultdict(list)
        self.poison = {number for number in range(400) if rng.random() < 0.01}
        self.refused = {number for number in range(400) if rng.random() < 0.05}
        self._lock = threading.Lock()

    def __call__(self, upload: Upload) -> Answer:
        names = [(str(r["identity"]), int(str(r["ts"]))) for r in upload.records]
        with self._lock:
            if any(stamp in self.poison for _, stamp in names):
                return reply(400)
            mood = self.rng.random() / self.faults
            if mood < 0.4:
                return reply(429, retry_after=self.rng.choice([0.0, 2.0]))
            if mood < 0.6:
                return LOST
            codes = {at: 516 for at, (_, stamp) in enumerate(names) if stamp in self.refused}
            passing = range(len(names)) if mood < 0.8 else ()
            codes |= {at: 555 for at in passing if at not in codes and self.rng.random() < 0.2}
            for at, name in enumerate(names):
                if at not in codes:
                    self.stored[name] += 1
                    self.arrivals[name[0]].append(name[1])
            return reply(503) if 0.8 <= mood < 1.0 else envelope(len(names), codes)


def numbered_batches(rng: Random, lanes: int) -> list[Batch]:
    """Events of one person for each lane, numbered as they happened."""
    batches: list[Batch] = []
    stamp = 0
    for _ in range(6):
        for lane in range(lanes):
            rows = rng.randint(1, 8)
            records = [record(f"c-{lane}", stamp + row + 1) for row in range(rows)]
            stamp += rows
            body = b'{"d":[' + b",".join(records) + b"]}"
            batches.append(Batch(len(batches), lane, rows, body))
    return batches


def names_of(batches: list[Batch]) -> dict[tuple[int, int], tuple[str, int]]:
    names = {}
    stamp = 0
    for batch in batches:
        for row in range(batch.rows):
            stamp += 1
            names[batch.number, row] = (f"c-{batch.lane}", stamp)
    return names


@given(
    st.integers(0, 10_000),
    st.sampled_from([0.05, 0.3, 0.9]),
    st.integers(1, 8),
    st.sampled_from(["resend", "park"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_ledger_never_says_more_than_the_server_did(
    seed: int, faults: float, lanes: int, on_unknown: Literal["resend", "park"]
) -> None:
    server, ledger = Moody(Random(seed), faults), Memory()
    batches = numbered_batches(Random(seed), lanes)
    with tempfile.TemporaryDirectory() as folder:
        sent, _ = sending(
            batches, Scripted(server), Path(folder), ledger=ledger, on_unknown=on_unknown
        )

    names = names_of(batches)
    by_word = defaultdict(set)
    for place, word in ledger.state.items():
        by_word[word].add(names[place])
    doubted = {
        names[batch, row]
        for word, batch, rows in ledger.entries
        if word == "unknown"
        for row in rows
    }
    batch_of = {name: batch for (batch, _), name in names.items()}
    for lane, stamps in server.arrivals.items():
        order = [batch_of[lane, stamp] for stamp in stamps]
        assert order == sorted(order)
    assert by_word["acked"] <= set(server.stored)
    assert not by_word["refused 516"] & (set(server.stored) - doubted)
    assert {name for name, times in server.stored.items() if times > 1} <= doubted
    assert set(server.stored) <= by_word["acked"] | doubted
    assert "sent" not in by_word
    if on_unknown == "park":
        assert set(server.stored.values()) <= {1}
    assert sent.acked == len(by_word["acked"])
    assert sent.unknown == len(by_word["unknown"])
