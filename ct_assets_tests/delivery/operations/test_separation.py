"""Numbers and people are parted in CleverTap: exact bytes, limits, codes, and what is repeated."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery.operations.separation import Separated, Separation
from ct_assets_tests.delivery.kit import IMPATIENT
from ct_assets_tests.delivery.segment_kit import Heard, ListServer, SegmentSync, list_server


@pytest.fixture
def server() -> Iterator[ListServer]:
    with list_server() as opened:
        opened.script = taken
        yield opened


@pytest.fixture
def separation(tmp_path: Path, server: ListServer) -> Iterator[Separation]:
    with Client(SegmentSync(tmp_path, server).destination) as client:
        yield Separation(client=client, stop=threading.Event(), retry=IMPATIENT)


def taken(heard: Heard) -> tuple[int, object]:
    if heard.path == "/1/demerge/profiles.json":
        return 200, {"status": "success"}
    records = len(json.loads(heard.body)["d"])
    return 200, {"status": "success", "processed": records, "unprocessed": []}


def test_the_bytes_of_phones(separation: Separation, server: ListServer) -> None:
    numbers = ("+390212345678", "+4930123456")
    assert list(separation.of_phones(numbers)) == [Separated(numbers)]
    (heard,) = server.heard
    assert (heard.method, heard.path) == ("POST", "/1/disassociate")
    assert heard.body == (
        b'{"d":[{"type":"phone","value":"+390212345678"},{"type":"phone","value":"+4930123456"}]}'
    )
    assert heard.headers["X-CleverTap-Account-Id"] == "ACC"
    assert heard.headers["X-CleverTap-Passcode"] == "secret"


def test_the_bytes_of_people(separation: Separation, server: ListServer) -> None:
    assert list(separation.of_profiles(["c-1", "7"])) == [Separated(("c-1", "7"))]
    (heard,) = server.heard
    assert (heard.method, heard.path) == ("POST", "/1/demerge/profiles.json")
    assert heard.body == b'{"identities":["c-1","7"]}'


def test_a_thousand_numbers_a_call_and_a_hundred_people(
    separation: Separation, server: ListServer
) -> None:
    phones = list(separation.of_phones([f"+39021{n:06}" for n in range(2001)]))
    people = list(separation.of_profiles([f"c-{n}" for n in range(201)]))
    assert [len(call.values) for call in (*phones, *people)] == [1000, 1000, 1, 100, 100, 1]
    assert len(server.heard) == 6


def test_a_number_that_is_refused(separation: Separation, server: ListServer) -> None:
    def refused(heard: Heard) -> tuple[int, object]:
        record = json.loads(heard.body)["d"][1]
        refusal = {"status": "fail", "code": 516, "error": "Phone number", "record": record}
        return 200, {"status": "partial", "processed": 1, "unprocessed": [refusal]}

    server.script = refused
    numbers = ("+390212345678", "+4930123456")
    (call,) = separation.of_phones(numbers)
    assert call == Separated(numbers, (("+4930123456", 516),))


def test_a_call_that_is_not_taken_goes_again(separation: Separation, server: ListServer) -> None:
    server.script = lambda heard: (429, "") if len(server.heard) == 1 else taken(heard)
    assert list(separation.of_profiles(["a"])) == [Separated(("a",))]
    assert [heard.body for heard in server.heard] == [b'{"identities":["a"]}'] * 2


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((400, {"status": "fail", "error": "a@example.org is wrong", "code": 400}), "HTTP 400"),
        ((503, ""), "HTTP 503"),
        ((404, ""), "127.0.0.1:{port} does not offer CleverTap's API (HTTP 404); check the region"),
    ],
)
def test_no_further_call_is_made_after_one_that_fails(
    separation: Separation, server: ListServer, answer: tuple[int, object], why: str
) -> None:
    server.script = lambda _: answer
    *_, call = separation.of_profiles([f"c-{n}" for n in range(201)])
    assert call.why is not None
    assert call.why.startswith(why.format(port=server.url.rpartition(":")[2]))
    assert len(server.heard) == 1
