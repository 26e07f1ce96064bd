"""Looking for profiles: the request, the answers that count, three of them at a time."""

import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination
from ct_assets.delivery.sender.limits.account_slots import AccountSlots
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.sender.profile_looks import LookError, ProfileLooks
from ct_assets_tests.delivery.segment_kit import Heard, ListServer, list_server
from ct_assets_tests.delivery.sending_kit import IdleClock

THERE = 200, {"status": "success", "record": {"identity": "a"}}
BUSY = 429, {"status": "fail", "error": "Too many concurrent requests", "code": 429}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[ListServer, Client]]:
    with list_server() as server:
        account = Destination("account", server.url, "ACC", SecretStr("secret"))
        with Client(account) as client:
            yield server, client


@pytest.fixture
def server(served: tuple[ListServer, Client]) -> ListServer:
    served[0].heard.clear()
    return served[0]


@pytest.fixture
def looks(served: tuple[ListServer, Client], tmp_path: Path) -> ProfileLooks:
    return ProfileLooks(
        client=served[1],
        slots=AccountSlots(tmp_path / "slots", 3),
        retry=Retry(),
        rng=Random(1),
        clock=IdleClock(),
        stop=threading.Event(),
    )


def test_the_request(looks: ProfileLooks, server: ListServer) -> None:
    server.script = lambda _: THERE
    names = [("identity", "a b+c&é"), ("objectId", "__x")]

    assert [(look.kind, look.key, look.found) for look in looks.look(names)] == [
        (kind, key, True) for kind, key in names
    ]
    assert sorted((h.method, h.path, h.body) for h in server.heard) == [
        ("GET", "/1/profile.json?identity=a%20b%2Bc%26%C3%A9", b""),
        ("GET", "/1/profile.json?objectId=__x", b""),
    ]
    assert server.heard[0].headers["X-CleverTap-Passcode"] == "secret"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (THERE, True),
        ((200, {"status": "success", "record": None}), False),
        ((200, {"status": "success"}), False),
        ((200, {"status": "fail", "error": "Profile not found", "code": 404}), False),
        ((404, {"status": "fail", "error": "No such profile"}), False),
    ],
)
def test_answers(
    *, looks: ProfileLooks, server: ListServer, answer: tuple[int, object], found: bool
) -> None:
    server.script = lambda _: answer
    assert [look.found for look in looks.look([("identity", "a")])] == [found]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            (401, {"status": "fail", "error": "Invalid Credentials"}),
            "credentials or region refused",
        ),
        ((404, "<html>"), "does not offer CleverTap's API"),
        ((500, "oops"), "HTTP 500"),
        ((200, {"status": "fail", "error": "something else"}), "does not say what was processed"),
        (BUSY, "429, too many requests at once"),
    ],
)
def test_what_does_not_say_who_is_there(
    looks: ProfileLooks, server: ListServer, answer: tuple[int, object], why: str
) -> None:
    server.script = lambda _: answer
    with pytest.raises(LookError) as failed:
        list(looks.look([("identity", "somebody")]))

    assert why in str(failed.value)
    assert "somebody" not in str(failed.value)


def test_what_passes_is_asked_again(looks: ProfileLooks, server: ListServer) -> None:
    answers = [BUSY, (503, ""), THERE]
    server.script = lambda _: answers.pop(0)

    assert [look.found for look in looks.look([("identity", "a")])] == [True]


def test_three_at_a_time(looks: ProfileLooks, server: ListServer) -> None:
    lock, now, most = threading.Lock(), [0], [0]
    gate = threading.Barrier(3)

    def script(_: Heard) -> tuple[int, object]:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        gate.wait(10)
        with lock:
            now[0] -= 1
        return THERE

    server.script = script
    assert len(list(looks.look([("identity", f"p{n}") for n in range(9)]))) == 9
    assert most == [3]
