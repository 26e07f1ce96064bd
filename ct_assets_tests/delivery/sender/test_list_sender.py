"""The list sender against a small CleverTap: what it repeats, what stops it, what it notes."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from pydantic import SecretStr

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination
from ct_assets.delivery import CustomList
from ct_assets.delivery.sender.limits.account_slots import AccountSlots
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.sender.list_file import list_file
from ct_assets.delivery.sender.list_sender import ListSender
from ct_assets.delivery.sender.send_stats import SendStats
from ct_assets_tests.delivery.segment_kit import BUYERS, Heard, ListServer, list_server, once
from ct_assets_tests.delivery.sending_kit import IdleClock, Memory

Posted = Callable[..., tuple[SendStats, Memory]]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[ListServer, Client]]:
    with list_server() as server:
        account = Destination("account", server.url, "ACC", SecretStr("secret"))
        with Client(account) as client:
            yield server, client


@pytest.fixture
def server(served: tuple[ListServer, Client]) -> ListServer:
    state = served[0]
    state.heard.clear()
    state.lists.clear()
    state.script = lambda _: None
    return state


@pytest.fixture
def posted(served: tuple[ListServer, Client], tmp_path: Path) -> Posted:
    """Sends a list of two members; a third record is of somebody who leaves it."""
    lines = {"record": ["i,a", "i,b", ""], "action": ["upsert", "upsert", "leave"]}
    outbox = tmp_path / "outbox.parquet"
    pl.DataFrame({**lines, "bytes": [3, 3, 0]}).write_parquet(outbox)

    def post(
        stop: threading.Event | None = None, named: CustomList = BUYERS
    ) -> tuple[SendStats, Memory]:
        stats, ledger = SendStats(), Memory()
        ListSender(
            file=list_file(outbox),
            named=named,
            client=served[1],
            ledger=ledger,
            slots=AccountSlots(tmp_path / "slots", 3),
            stats=stats,
            retry=Retry(resends=2),
            rng=Random(1),
            clock=IdleClock(),
            stop=stop or threading.Event(),
        ).send()
        return stats, ledger

    return post


BUSY = 429, {"status": "fail", "error": "Too many concurrent requests", "code": 429}
LATER = 200, "URL not generated, Please come back later"


@pytest.mark.parametrize(
    ("step", "answer", "steps"),
    [
        ("url", BUSY, ["url", "url", "put", "commit"]),
        ("url", LATER, ["url", "url", "put", "commit"]),
        ("url", None, ["url", "url", "put", "commit"]),
        ("put", (503, "<Error/>"), ["url", "put", "url", "put", "commit"]),
        ("put", (403, "<Error/>"), ["url", "put", "url", "put", "commit"]),
        ("put", None, ["url", "put", "url", "put", "commit"]),
        ("commit", BUSY, ["url", "put", "commit", "commit"]),
        ("commit", (500, "oops"), ["url", "put", "commit", "commit"]),
        ("commit", None, ["url", "put", "commit", "commit"]),
    ],
)
def test_what_passes_is_tried_again(
    posted: Posted, server: ListServer, step: str, answer: Any, steps: list[str]
) -> None:
    server.script = once(step, answer)
    stats, ledger = posted()

    assert (server.steps, server.listed) == (steps, ["a", "b"])
    assert (stats.stopped, stats.acked, stats.unknown) == (None, 2, 0)
    assert ledger.count() == {"acked": 3}


NO_ADMIN = {"status": "fail", "error": "email is no admin", "code": 400}


@pytest.mark.parametrize(
    ("step", "answer", "reason"),
    [
        ("url", (401, {"status": "fail"}), "credentials or region refused by"),
        ("url", (200, {"status": "success", "presignedS3URL": "http://bucket.example/x"}),
         "CleverTap gave no URL that starts with https:// for the list"),
        ("url", (200, {"status": "success", "presignedS3URL": "ftp://[x"}),
         "CleverTap gave no URL that starts with https:// for the list"),
        ("commit", (400, NO_ADMIN), "CleverTap did not take the list: email is no admin"),
        ("commit", (200, NO_ADMIN), "CleverTap did not take the list: email is no admin"),
        ("commit", (409, {"error": "duplicate_name"}), "CleverTap has a list named 'Jazz buyers'"),
    ],
)  # fmt: skip
def test_what_does_not_pass_stops_the_run(
    posted: Posted, server: ListServer, step: str, answer: Any, reason: str
) -> None:
    server.script = once(step, answer)
    stats, ledger = posted()

    assert reason in (stats.stopped or "")
    assert (stats.acked, server.lists) == (0, {})
    assert set(ledger.count()) <= {"not taken"}


def test_what_never_passes_ends_in_time(posted: Posted, server: ListServer) -> None:
    server.script = lambda heard: BUSY if heard.method == "POST" else None
    stats, ledger = posted()

    assert stats.stopped == (
        f"{server.url.removeprefix('http://')}: 429, too many requests at once; nothing was sent"
    )
    assert (stats.passing, stats.waits_429 > 2, ledger.count()) == (True, True, {})


def test_a_commit_is_noted_before_it_leaves_and_nothing_else_is(
    posted: Posted, server: ListServer
) -> None:
    server.script = once("put", (500, ""))
    _, ledger = posted()

    assert server.steps == ["url", "put", "url", "put", "commit"]
    assert ledger.entries == [("sent", 0, [0, 1, 2]), ("acked", 0, [0, 1, 2])]


def test_a_stop_is_heard_between_the_steps(posted: Posted, server: ListServer) -> None:
    stop = threading.Event()

    def script(heard: Heard) -> None:
        if heard.method == "PUT":
            stop.set()

    server.script = script
    stats, ledger = posted(stop)
    assert (server.steps, ledger.entries) == (["url", "put"], [])
    assert stats.stopped == "stopped on request; nothing was sent"


def test_a_list_that_may_be_the_one_just_sent_is_told_as_such(
    posted: Posted, server: ListServer
) -> None:
    def lost_once(heard: Heard) -> None:
        """The list is made, and the connection cut before the answer."""
        if heard.path.endswith("completed") and not server.lists:
            server.commit(json.loads(heard.body))
            raise ConnectionError

    server.script = lost_once
    stats, ledger = posted(named=replace(BUYERS, replace=False))

    assert server.steps == ["url", "put", "commit", "commit"]
    assert "which may be the one that was just sent" in (stats.stopped or "")
    assert (stats.acked, stats.unknown, ledger.count()) == (0, 2, {"unknown": 3})
