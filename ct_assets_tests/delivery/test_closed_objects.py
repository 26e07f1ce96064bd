"""Device tokens and subscriptions end to end: bytes, limits, conservation, kills."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery import DeliveryFailed, Policy, dispatch, plan
from ct_assets.delivery.sender.sender import send
from ct_assets_tests.delivery.closed_objects_kit import (
    SUBSCRIPTIONS,
    TOKENS,
    envelope,
    opened,
    sent,
    subscription,
    token,
)
from ct_assets_tests.delivery.kit import report
from ct_assets_tests.delivery.segment_kit import (
    Heard,
    Killed,
    ListServer,
    list_server,
)
from ct_assets_tests.mapping.splitting import run
from ct_assets_tests.mapping.test_closed_fields import CHROME
from ct_assets_tests.mapping.test_closed_fields import SUBSCRIPTION as DECLARED

pytestmark = pytest.mark.sampled(2)


@pytest.fixture
def server() -> Iterator[ListServer]:
    with list_server() as opened:
        opened.script = envelope
        yield opened


def test_the_bytes_of_tokens_from_their_rows(tmp_path: Path, server: ListServer) -> None:
    rows = pl.DataFrame(
        {
            "id": ["__a1", "web3"],
            "token": ["t1", "t3"],
            "kind": ["FCM", "chrome"],
            "key": [None, "k3"],
            "secret": [None, "s3"],
        }
    )
    result = opened(tmp_path, server, TOKENS).run(run(CHROME, rows).valid.to_dicts())

    assert sent(server) == [
        (
            "POST",
            "/1/upload",
            '{"d":[{"type":"token","objectId":"__a1","tokenData":{"id":"t1","type":"fcm"}},'
            '{"type":"token","objectId":"web3","tokenData":{"id":"t3","type":"chrome",'
            '"keys":{"p256dh":"k3","auth":"s3"}}}]}',
        )
    ]
    assert server.heard[0].headers["X-CleverTap-Passcode"] == "secret"
    assert (result.counts.new, result.counts.acked) == (2, 2)


def test_the_bytes_of_subscriptions_from_their_rows(tmp_path: Path, server: ListServer) -> None:
    rows = pl.DataFrame({"mail": ["a@example.org", "b@example.org"], "wanted": [True, False]})
    result = opened(tmp_path, server, SUBSCRIPTIONS).run(run(DECLARED, rows).valid.to_dicts())

    assert sent(server) == [
        (
            "POST",
            "/1/subscribe",
            '{"d":[{"type":"email","value":"a@example.org","status":"Resubscribe"},'
            '{"type":"email","value":"b@example.org","status":"Unsubscribe"}]}',
        )
    ]
    assert (result.counts.new, result.counts.acked) == (2, 2)


@pytest.mark.parametrize("full", [False, True])
def test_only_what_changed_leaves_again(tmp_path: Path, server: ListServer, *, full: bool) -> None:
    sync = opened(tmp_path, server, TOKENS)
    sync.run([token("__a", "t1"), token("__b", "t2")])
    server.heard.clear()
    result = sync.run([token("__a", "t1"), token("__b", "t9"), token("__c", "t3")], full=full)

    ids = [r["tokenData"]["id"] for h in server.heard for r in json.loads(h.body)["d"]]
    assert ids == (["t1", "t9", "t3"] if full else ["t9", "t3"])
    assert result.counts.unchanged == (0 if full else 1)


def test_a_hundred_tokens_go_in_one_call(tmp_path: Path, server: ListServer) -> None:
    sync = opened(tmp_path, server, TOKENS)
    rows = [token(f"__{n}", f"t{n}") for n in range(250)]
    planned = plan(sync.request(rows))
    sync.run(rows)

    assert planned.requests == 3
    assert sorted(len(json.loads(h.body)["d"]) for h in server.heard) == [50, 100, 100]


def test_three_calls_of_subscriptions_are_in_flight(tmp_path: Path, server: ListServer) -> None:
    together, lock, in_flight, most = threading.Barrier(3), threading.Lock(), [0], [0]

    def held(heard: Heard) -> tuple[int, object]:
        with lock:
            in_flight[0] += 1
            most[0] = max(most[0], in_flight[0])
        together.wait(timeout=30)
        with lock:
            in_flight[0] -= 1
        return envelope(heard)

    server.script = held
    sync = opened(tmp_path, server, SUBSCRIPTIONS)
    rows = [subscription(f"{n}@example.org") for n in range(6000)]
    planned = plan(sync.request(rows))
    result = sync.run(rows)

    assert (planned.requests, planned.seconds) == (6, 2.0)
    assert planned.notes == ("each record strikes every profile that has the address or number",)
    assert (len(server.heard), most, result.counts.acked) == (6, [3], 6000)


def test_an_answer_that_is_lost_is_asked_for_again(tmp_path: Path, server: ListServer) -> None:
    lost: list[Heard] = []

    def cut_once(heard: Heard) -> tuple[int, object]:
        if not lost:
            lost.append(heard)
            raise ConnectionError
        return envelope(heard)

    server.script = cut_once
    result = opened(tmp_path, server, SUBSCRIPTIONS).run([subscription("a@example.org")])

    assert [h.body for h in server.heard] == [lost[0].body] * 2
    assert (result.counts.acked, result.counts.unknown) == (1, 0)


MOMENTS = ("planned", "sent", "answered", "noted")


def kill_at(moment: str, patch: pytest.MonkeyPatch, call: str) -> None:
    """The process ends there: before the request, without one, after the answer, or later."""

    def dying(function: Any) -> Any:
        def dies(*args: Any, **named: Any) -> Any:
            function(*args, **named)
            raise Killed

        return dies

    if moment == "planned":
        patch.setattr(dispatch, "send", dying(lambda *_, **__: None))
    elif moment == "noted":
        patch.setattr(dispatch, "send", dying(send))
    else:
        client = getattr(Client, call)
        patch.setattr(Client, call, dying(client if moment == "answered" else lambda *_: None))


@pytest.mark.parametrize("policy", [TOKENS, SUBSCRIPTIONS], ids=["token", "subscription"])
def test_a_storm_of_kills(tmp_path: Path, server: ListServer, policy: Policy) -> None:
    """After each run that ends, the server has what the source says, and no row is lost."""
    rng, kept = Random(19), dict[str, str]()
    make = token if policy.object == "token" else subscription
    values = ("t1", "t2") if policy.object == "token" else ("Unsubscribe", "Resubscribe")
    names = [f"__{n}" if policy.object == "token" else f"{n}@example.org" for n in range(5)]

    def keep(heard: Heard) -> tuple[int, object]:
        for record in json.loads(heard.body)["d"]:
            if policy.object == "token":
                kept[record["objectId"]] = record["tokenData"]["id"]
            else:
                kept[record["value"]] = record["status"]
        return envelope(heard)

    server.script = keep
    sync = opened(tmp_path, server, policy)
    for moment in rng.sample(MOMENTS, len(MOMENTS)):
        source = {name: rng.choice(values) for name in names}
        rows = [make(name, value) for name, value in source.items()]
        with pytest.MonkeyPatch.context() as patch:
            kill_at(moment, patch, "upload" if make is token else "subscribe")
            with contextlib.suppress(Killed):
                sync.run(rows)
        result = sync.run(rows)
        assert (kept, result.counts.violations()) == (source, [])
        assert sync.run(rows).counts.unchanged == len(rows)


def test_a_subscription_that_is_refused_without_a_number(
    tmp_path: Path, server: ListServer
) -> None:
    def refused(heard: Heard) -> tuple[int, object]:
        record = json.loads(heard.body)["d"][1]
        refusal = {"status": "fail", "code": 515, "error": "Email is not valid", "record": record}
        return 200, {"status": "partial", "processed": 1, "unprocessed": [refusal]}

    server.script = refused
    result = opened(tmp_path, server, SUBSCRIPTIONS).run(
        [subscription("a@example.org"), subscription("b@example.org")]
    )

    assert report(result) == [
        ("a@example.org", "acked", None),
        ("b@example.org", "refused", "515"),
    ]


def test_many_that_change_at_once_stop_the_run(tmp_path: Path, server: ListServer) -> None:
    sync = opened(tmp_path, server, replace(SUBSCRIPTIONS, max_changed=0.5))
    sync.run([subscription(f"{n}@example.org", "Resubscribe") for n in range(30)])
    server.heard.clear()

    with pytest.raises(DeliveryFailed) as raised:
        sync.run([subscription(f"{n}@example.org") for n in range(30)])

    assert "max_changed" in str(raised.value)
    assert server.heard == []
