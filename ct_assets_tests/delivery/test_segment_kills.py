"""Lists whose sender is killed, or whose answers are lost: the next run makes them right."""

import json
from random import Random
from typing import Any

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery import DeliveryFailed
from ct_assets.delivery.sender.list_sender import ListSender
from ct_assets_tests.delivery.segment_kit import (
    Heard,
    Killed,
    ListServer,
    SegmentSync,
    members,
    once,
)

pytestmark = pytest.mark.sampled(3)

MOMENTS = ("url", "put", "sent", "committed", "noted")


def kill_at(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender's process ends just after that: nothing it would do next is done."""

    def dying(function: Any) -> Any:
        def call(*args: Any, **named: Any) -> Any:
            function(*args, **named)
            raise Killed

        return call

    if moment == "url":
        monkeypatch.setattr(Client, "list_url", dying(Client.list_url))
    elif moment == "put":
        monkeypatch.setattr(Client, "put_file", dying(Client.put_file))
    elif moment == "sent":
        monkeypatch.setattr(Client, "commit_list", dying(lambda *_: None))
    elif moment == "committed":
        monkeypatch.setattr(Client, "commit_list", dying(Client.commit_list))
    else:
        monkeypatch.setattr(ListSender, "send", dying(ListSender.send))


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("then", [["a", "b"], ["b", "x", "y"]])
def test_after_a_kill_the_list_is_what_the_query_says(
    buyers: SegmentSync, server: ListServer, moment: str, then: list[str]
) -> None:
    """Between the two runs the query may have gone back to what was acknowledged before."""
    buyers.run(members("a", "b"))
    with pytest.MonkeyPatch.context() as patch:
        kill_at(moment, patch)
        with pytest.raises(Killed):
            buyers.run(members("b", "x", "y"))
    assert server.listed in (["a", "b"], ["b", "x", "y"])

    result = buyers.run(members(*then))
    assert (server.listed, result.counts.violations()) == (then, [])
    assert buyers.run(members(*then)).counts.planned == 0


def test_a_storm_of_kills_and_faults(buyers: SegmentSync, server: ListServer) -> None:
    rng = Random(19)
    asked: list[list[str]] = []
    for _ in range(12):
        names = sorted(rng.sample("abcdefgh", rng.randint(4, 8)))
        asked.append(names)
        trouble = rng.choice([*MOMENTS, "lost", "lost", "none"])
        server.script = once("commit", None) if trouble == "lost" else lambda _: None
        with pytest.MonkeyPatch.context() as patch:
            if trouble in MOMENTS:
                kill_at(trouble, patch)
            try:
                buyers.run(members(*names))
            except Killed:
                trouble = "killed"
        if "Jazz buyers" in server.lists:
            assert server.listed in asked
        if trouble != "killed":
            assert server.listed == names
    buyers.run(members("a", "h"))
    assert server.listed == ["a", "h"]


def test_a_commit_whose_answer_stays_lost_goes_again_with_the_next_run(
    buyers: SegmentSync, server: ListServer
) -> None:
    buyers.run(members("a", "b"))

    def lost(heard: Heard) -> Any:
        if heard.path.endswith("completed"):
            server.commit(json.loads(heard.body))
            raise ConnectionError

    server.script = lost
    with pytest.raises(DeliveryFailed) as failed:
        buyers.run(members("a"))
    assert failed.value.result is not None
    assert failed.value.result.counts.unknown == 1
    assert server.listed == ["a"]

    server.script = lambda _: None
    buyers.run(members("a", "b"))
    assert server.listed == ["a", "b"]
