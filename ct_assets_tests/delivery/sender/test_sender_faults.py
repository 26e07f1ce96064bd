"""Faults on the wire, through the real client: nothing lost, nothing counted that is not known."""

import socket
import threading
from collections import Counter
from pathlib import Path

import pytest

from ct_assets.clevertap.client import Client
from ct_assets_tests.clevertap.wire import (
    Behaviour,
    Request,
    Wire,
    answers,
    closed_port,
    drips,
    http,
    loopback,
    resets,
    sends_then_closes,
)
from ct_assets_tests.delivery.sending_kit import Memory, batches_of, envelope, records_in, sending

ROWS = 10


class SendClock:
    """Moves only when the server moves it."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


class Store:
    """A server that keeps what it takes, and does something else to a few requests."""

    def __init__(self, fault: Behaviour, *, stores: bool, numbers: tuple[int, ...]) -> None:
        self.kept: Counter[str] = Counter()
        self._fault, self._stores, self._numbers = fault, stores, numbers
        self._lock = threading.Lock()

    def __call__(self, connection: socket.socket, request: Request) -> bool:
        faulty = request.number in self._numbers
        records = records_in(request.body)
        if not faulty or self._stores:
            with self._lock:
                self.kept.update(str(record["identity"]) for record in records)
        if faulty:
            return self._fault(connection, request)
        return answers(http(200, envelope(len(records)).body))(connection, request)


def drips_for_a_minute(clock: SendClock) -> Behaviour:
    def behave(connection: socket.socket, request: Request) -> bool:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 55\r\n\r\n"
        clock.time += 61.0
        return drips(head, b" ")(connection, request)

    return behave


def waits_for_ever(connection: socket.socket, _: Request) -> bool:
    connection.recv(1)  # until the sender hangs up
    return False


ALL_GOOD = b'{"status":"success","processed":10,"unprocessed":[]}'
CLOCK = SendClock()

NOT_TAKEN = {
    "429": answers(http(429, '{"status":"fail","error":"Too many","code":429}')),
    "429 with Retry-After": answers(http(429, "", Retry_After="2")),
    "429 as HTML, closing": sends_then_closes(http(429, "<html>", Connection="close")),
}
LOST = {
    "500": answers(http(500, "oops")),
    "503": answers(http(503, "oops", Retry_After="1")),
    "reset": resets,
    "closed without a word": sends_then_closes(b""),
    "JSON cut short": answers(http(200, ALL_GOOD[:-9])),
    "reply cut short": sends_then_closes(http(200, ALL_GOOD)[:-9]),
    "HTML with 200": answers(http(200, "<html>Welcome</html>")),
    "numbers that do not add up": answers(http(200, ALL_GOOD.replace(b"10", b"9"))),
    "dripped": drips_for_a_minute(CLOCK),
    "no answer in time": waits_for_ever,
}


def client_of(wire: Wire, fault: str) -> Client:
    """Its seconds are real for the one fault that uses them up."""
    seconds = 0.5 if fault == "no answer in time" else 60.0
    return Client(wire.destination(), seconds=seconds, clock=CLOCK)


@pytest.mark.parametrize("fault", NOT_TAKEN)
def test_not_taken_arrives_once(tmp_path: Path, fault: str) -> None:
    store = Store(NOT_TAKEN[fault], stores=False, numbers=(0, 3, 4, 9))
    with Wire(store).running() as wire, Client(wire.destination()) as client:
        sent, ledger = sending(batches_of(20, ROWS), client, tmp_path)

    assert set(store.kept.values()) == {1}
    assert len(store.kept) == 200
    assert ledger.count() == {"acked": 200}
    assert (sent.waits_429, sent.unknown, sent.stopped) == (4, 0, None)


@pytest.mark.parametrize("stores", [True, False], ids=["stored", "not stored"])
@pytest.mark.parametrize("fault", LOST)
def test_lost_answers_resent_lose_nothing(tmp_path: Path, fault: str, *, stores: bool) -> None:
    store = Store(LOST[fault], stores=stores, numbers=(1, 7))
    with Wire(store).running() as wire, client_of(wire, fault) as client:
        sent, ledger = sending(batches_of(20, ROWS), client, tmp_path)

    assert len(store.kept) == 200
    assert ledger.count() == {"acked": 200}
    assert sent.stopped is None
    assert repeated(store) <= in_doubt_once(ledger)


@pytest.mark.parametrize("stores", [True, False], ids=["stored", "not stored"])
@pytest.mark.parametrize("fault", LOST)
def test_lost_answers_parked_repeat_nothing(tmp_path: Path, fault: str, *, stores: bool) -> None:
    store = Store(LOST[fault], stores=stores, numbers=(1, 7))
    with Wire(store).running() as wire, client_of(wire, fault) as client:
        sent, ledger = sending(batches_of(20, ROWS), client, tmp_path, on_unknown="park")

    assert set(store.kept.values()) == {1}
    assert {name for batch in batches_of(20, ROWS) for name in names(batch.body)} - set(
        store.kept
    ) <= in_doubt_once(ledger)
    assert set(ledger.count()) == {"acked", "unknown"}
    assert sent.stopped is None


def names(body: bytes) -> set[str]:
    return {str(record["identity"]) for record in records_in(body)}


def repeated(store: Store) -> set[str]:
    return {name for name, times in store.kept.items() if times > 1}


def in_doubt_once(ledger: Memory) -> set[str]:
    return {
        f"c-{batch}-{row}"
        for outcome, batch, rows in ledger.entries
        if outcome == "unknown"
        for row in rows
    }


def test_partial_answers_in_any_order(tmp_path: Path) -> None:
    mixed = envelope(ROWS, {7: 516, 0: 515, 9: 520}).body
    store = Store(answers(http(200, mixed)), stores=True, numbers=(2,))
    with Wire(store).running() as wire, Client(wire.destination()) as client:
        _, ledger = sending(batches_of(5, ROWS), client, tmp_path)

    assert ledger.count() == {"acked": 47, "refused 515": 1, "refused 516": 1, "refused 520": 1}
    assert sorted((r.position, r.code) for _, r in ledger.refusals) == [
        (0, 515),
        (7, 516),
        (9, 520),
    ]


def test_connections_that_close_cost_nothing(tmp_path: Path) -> None:
    closing = sends_then_closes(http(200, ALL_GOOD, Connection="close"))
    with Wire(closing).running() as wire, Client(wire.destination()) as client:
        sent, ledger = sending(batches_of(40, ROWS), client, tmp_path)

    assert ledger.count() == {"acked": 400}
    assert (sent.requests, wire.connections) == (40, 40)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            http(401, '{"status":"fail","error":"Invalid Credentials","code":401}'),
            "credentials or region refused by {host} (HTTP 401); check the account id, "
            "the passcode and the region",
        ),
        (
            http(307, "", Location="http://127.0.0.1:9/"),
            "{host} redirects (HTTP 307) instead of answering, and records are not sent to where "
            "nobody configured; check the region or the API URL",
        ),
        (
            http(404, "<html>not here</html>"),
            "{host} does not offer CleverTap's API (HTTP 404); check the region or the API URL",
        ),
    ],
)
def test_refused_midway_leaves_the_rest_unsent(tmp_path: Path, reply: bytes, message: str) -> None:
    store = Store(answers(reply), stores=False, numbers=tuple(range(5, 1000)))
    with Wire(store).running() as wire, Client(wire.destination()) as client:
        sent, ledger = sending(batches_of(200, ROWS), client, tmp_path)

    host = f"127.0.0.1:{wire.port}"
    assert sent.stopped == (
        message.format(host=host) + "; what is left unsent goes with the next run"
    )
    assert ledger.count()["acked"] == len(store.kept) == 50
    assert len(wire.requests) <= 5 + 30


def test_nobody_listens(tmp_path: Path) -> None:
    port = closed_port()
    with Client(loopback(port)) as client:
        sent, ledger = sending(batches_of(50, ROWS), client, tmp_path)

    assert sent.stopped == (
        f"cannot reach 127.0.0.1:{port}: [Errno 111] Connection refused; nothing was sent"
    )
    assert "acked" not in ledger.count()


def test_wrong_host_that_welcomes_everybody(tmp_path: Path) -> None:
    welcome = answers(http(200, "<html>Welcome</html>"))
    with Wire(welcome).running() as wire, Client(wire.destination()) as client:
        sent, ledger = sending(batches_of(200, ROWS), client, tmp_path)

    assert sent.stopped == (
        f"127.0.0.1:{wire.port} gave no usable answer (HTTP 200, but the reply is not CleverTap's "
        f"JSON); what is left unsent goes with the next run"
    )
    assert "acked" not in ledger.count()
