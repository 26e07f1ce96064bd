"""Connections that break, stall or answer too much: each request has one answer, or none."""

import itertools
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ct_assets.clevertap.client import Answer, Client, NoReply, Reply
from ct_assets_tests.clevertap.client_kit import BODY, OK, upload
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


def fast_clock() -> Callable[[], float]:
    """Twenty seconds pass between any two looks at it."""
    return itertools.count(0.0, 20.0).__next__


def test_one_connection_serves_many_requests() -> None:
    with Wire(answers(http(200, OK))).running() as wire, Client(wire.destination()) as client:
        for _ in range(20):
            client.upload(BODY)

    assert wire.connections == 1


def test_connection_close_costs_no_answer() -> None:
    closing = sends_then_closes(http(200, OK, Connection="close"))
    with Wire(closing).running() as wire, Client(wire.destination()) as client:
        kinds = {type(client.upload(BODY)) for _ in range(5)}

    assert (kinds, wire.connections) == ({Reply}, 5)


REFUSED = b'{"status":"fail","processed":0,"unprocessed":[{"code":515,"error":"No"}]}'


def two_uploads(first: bytes) -> tuple[Answer, Answer, int]:
    with (
        Wire(answers(first, http(200, REFUSED))).running() as wire,
        Client(wire.destination()) as client,
    ):
        return client.upload(BODY), client.upload(BODY), wire.connections


def test_more_than_a_reply_answers_neither_this_request_nor_the_next() -> None:
    first, second, connections = two_uploads(http(200, OK) + http(200, OK))

    assert isinstance(first, NoReply)
    assert first.sent
    assert first.why == "more than one reply came"
    assert isinstance(second, Reply)
    assert (second.body, connections) == (REFUSED, 2)


def test_blank_lines_after_a_reply_are_no_reply() -> None:
    first, second, connections = two_uploads(http(200, OK) + b"\r\n")

    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    assert (first.body, second.body, connections) == (OK, REFUSED, 2)


def breaks_when_used_again() -> Behaviour:
    """Says nothing of closing, and closes for all that when a second request comes."""
    used: set[socket.socket] = set()

    def behave(connection: socket.socket, _: Request) -> bool:
        if connection in used:
            return False
        used.add(connection)
        connection.sendall(http(200, OK))
        return True

    return behave


def test_connections_that_break_when_used_again_are_used_once() -> None:
    with (
        Wire(breaks_when_used_again()).running() as wire,
        Client(wire.destination()) as client,
    ):
        kinds = [type(client.upload(BODY)) for _ in range(8)]

    assert kinds == [Reply, NoReply, Reply, Reply, Reply, Reply, Reply, Reply]


def test_idle_connections_are_not_used_again_once_one_broke() -> None:
    together = threading.Barrier(3)

    def behave(connection: socket.socket, request: Request) -> bool:
        if request.number < 3:
            together.wait(timeout=30)
        return breaking(connection, request)

    breaking = breaks_when_used_again()
    with Wire(behave).running() as wire, Client(wire.destination()) as client:
        with ThreadPoolExecutor(3) as pool:
            first = list(pool.map(client.upload, [BODY] * 3))
        second = [client.upload(BODY) for _ in range(6)]

    assert {type(answer) for answer in first} == {Reply}
    assert [isinstance(answer, Reply) for answer in second] == [False] + [True] * 5


def test_a_connection_that_breaks_when_new_says_nothing_of_others() -> None:
    def behave(connection: socket.socket, request: Request) -> bool:
        return request.number > 0 and answers(http(200, OK))(connection, request)

    with Wire(behave).running() as wire, Client(wire.destination()) as client:
        kinds = [type(client.upload(BODY)) for _ in range(4)]

    assert (kinds, wire.connections) == ([NoReply, Reply, Reply, Reply], 2)


def test_refused_connection_was_not_sent() -> None:
    port = closed_port()

    with Client(loopback(port)) as client:
        answer = client.upload(BODY)

    assert isinstance(answer, NoReply)
    assert not answer.sent
    assert (answer.host, answer.why) == (f"127.0.0.1:{port}", "[Errno 111] Connection refused")


ENDLESS_HEADER = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 55\r\n", b"X: y\r\n")
ENDLESS_BODY = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b" ")
LATE = "no whole reply within the time limit"
CUT = "the connection was closed before a whole reply, or the reply was not HTTP"


@pytest.mark.parametrize(
    ("behaviour", "clock", "why"),
    [
        pytest.param(ENDLESS_HEADER, fast_clock(), LATE, id="header dripped"),
        pytest.param(ENDLESS_BODY, fast_clock(), LATE, id="body dripped"),
        pytest.param(sends_then_closes(b""), time.monotonic, CUT, id="closed without a word"),
        pytest.param(sends_then_closes(http(200, OK)[:-9]), time.monotonic, CUT, id="cut short"),
        pytest.param(
            sends_then_closes(b"Ada ada@example.test\r\n\r\n"), time.monotonic, CUT, id="not HTTP"
        ),
        pytest.param(resets, time.monotonic, "the connection broke before the reply", id="reset"),
        pytest.param(
            drips(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b" " * 1_000_000),
            time.monotonic,
            "the reply never ended",
            id="endless",
        ),
    ],
)
def test_lost_answers(behaviour: Behaviour, clock: Callable[[], float], why: str) -> None:
    answer = upload(behaviour, clock)

    assert isinstance(answer, NoReply)
    assert answer.sent
    assert answer.why == why
