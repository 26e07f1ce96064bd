"""Sending alone: bodies already encoded, a ledger that only counts, a server that only counts."""

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.contract import MAX_IN_FLIGHT, MAX_RECORDS
from ct_assets.clevertap.destination import Destination
from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.sender.batch import Batch
from ct_assets.delivery.sender.limits.account_slots import AccountSlots
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets.delivery.sender.sender import send
from ct_assets_tests.benchmarks.measure import MILLION, RUNS, median_of, record
from ct_assets_tests.benchmarks.sink import self_signed, sink
from ct_assets_tests.clevertap.account import destination_from_env

ROWS = MILLION
RECORD = (
    '{"type":"profile","identity":"cust-%09d","profileData":{"Name":"Søren Müller","Email":'
    '"user%d@example.com","Phone":"+4915112345678","City":"Zürich","Tier":"gold","DOB":'
    '"$D_631152000","Signed up":"$D_1704067200","Balance":1234.5,"Visits":17,"Newsletter":true,'
    '"Interests":["news","sale"]}}'
)


class Counting:
    """The least that a ledger can do."""

    def __init__(self) -> None:
        self.acked_rows: dict[int, int] = {}

    def together(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def sent(self, batch: int, rows: Sequence[int]) -> None: ...

    def acked(self, batch: int, rows: Sequence[int], refusals: Sequence[Refusal]) -> None:
        self.acked_rows[batch] = len(rows) - len(refusals)

    def not_taken(self, batch: int, rows: Sequence[int]) -> None: ...

    def unknown(self, batch: int, rows: Sequence[int], why: str) -> None: ...


def batches(rows: int) -> Iterator[Batch]:
    """The same records again and again, since only their size matters here."""
    records = [(RECORD % (number, number)).encode() for number in range(MAX_RECORDS)]
    body = b'{"d":[' + b",".join(records) + b"]}"
    for number in range(rows // MAX_RECORDS):
        yield Batch(number, None, MAX_RECORDS, body)


def to(url: str) -> Destination:
    found = destination_from_env(
        environ={
            "CLEVERTAP_ACCOUNT_ID": "BENCH",
            "CLEVERTAP_PASSCODE": "bench",
            "CLEVERTAP_API_URL": url,
        }
    )
    assert found is not None
    return found


def send_rows(url: str, rows: int, slots: Path) -> SendStats:
    ledger = Counting()
    with Client(to(url)) as client:
        sent = send(
            batches(rows),
            client,
            ledger,
            slots=AccountSlots(slots, MAX_IN_FLIGHT),
            rng=Random(1),
            stop=threading.Event(),
        )
    assert sum(ledger.acked_rows.values()) == rows == sent.acked
    return sent


def lone_latency(url: str) -> float:
    """Median seconds of a request that has the server to itself, through the standard library."""
    host, body = urlsplit(url).netloc, next(batches(MAX_RECORDS)).body
    kind = HTTPSConnection if url.startswith("https") else HTTPConnection
    with closing(kind(host)) as connection:
        took = []
        for _ in range(21):
            started = time.perf_counter()
            connection.request("POST", "/1/upload", body)
            connection.getresponse().read()
            took.append(time.perf_counter() - started)
    return statistics.median(took)


@pytest.mark.bench
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(
    ("milliseconds", "least"), [(0, 0.0), (50, 0.90), (100, 0.95), (200, 0.95)]
)
def test_rows_a_second(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    milliseconds: int,
    least: float,
    *,
    tls: bool,
) -> None:
    certificate = self_signed(tmp_path) if tls else None
    if certificate:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with sink(latency=milliseconds / 1000, certificate=certificate) as server:
        bound = MAX_IN_FLIGHT * MAX_RECORDS / lone_latency(server.url)
        found = median_of(RUNS, send_rows, server.url, ROWS, tmp_path / "slots")
        tally = server.tally()
    sent: SendStats = found.result

    rate, name = ROWS / sent.seconds, f"sending, {'TLS' if tls else 'plain'}, {milliseconds} ms"
    # From the first request to the last acknowledgement.
    found = replace(found, wall=sent.seconds)
    if milliseconds == 0:
        capacity = RUNS * ROWS / tally.cpu
        reference = "what one core of the server takes"
        record(name, ROWS, found, ratio=rate / capacity, reference=reference, capacity=capacity)
        assert rate >= 200_000
        return
    nominal = MAX_IN_FLIGHT * MAX_RECORDS / milliseconds * 1000
    reference = "15 x 1000 / the latency of a lone request"
    record(name, ROWS, found, ratio=rate / bound, reference=reference, of_nominal=rate / nominal)
    assert tally.most_in_flight == MAX_IN_FLIGHT
    assert rate >= least * bound


def test_a_sample(tmp_path: Path) -> None:
    with sink() as server:
        assert send_rows(server.url, 20_000, tmp_path / "slots").requests == 20

        tally = server.tally()
    assert (tally.requests, tally.records) == (20, 20_000)
