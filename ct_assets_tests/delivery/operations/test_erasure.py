import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from ct_assets.clevertap.client import Answer, Client, Reply
from ct_assets.clevertap.destination import Destination
from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.operations.erasure import Erasure, ErasureError, erase_person
from ct_assets_tests.delivery.kit import IMPATIENT, Sync, event, profile, report

pytestmark = pytest.mark.sampled(3)

ADA = profile("ada-1815", Name="Ada", Email="ada@example.com")
ZOE = profile("2", Name="Zoë", Email="zoe@example.com")


def forget_ada(sync: Sync, snapshots: list[Path] | None = None) -> Erasure:
    with Client(sync.destination) as client:
        return erase_person(sync.home.parent, "ada-1815", client, snapshots=snapshots or [])


def test_nothing_of_the_person_is_left(profiles: Sync) -> None:
    request = profiles.request([ADA, ZOE])
    profiles.send(request)

    erased = forget_ada(profiles, [request.valid])

    assert erased == Erasure({"customers": 1}, files=3)
    assert [p.identity for p in profiles.sandbox.profiles()] == ["2"]
    for path in [*profiles.home.parent.rglob("*"), request.valid]:
        assert not path.is_file() or b"ada-1815" not in path.read_bytes(), path.name
    assert pl.read_parquet(request.valid)["_key"].to_list() == ["2"]


def test_a_deletion_that_is_stopped_does_not_leave(profiles: Sync) -> None:
    profiles.run([ADA, ZOE])
    stop = threading.Event()
    stop.set()

    with (
        Client(profiles.destination) as client,
        pytest.raises(ErasureError, match="stopped before CleverTap was asked to delete"),
    ):
        erase_person(profiles.home.parent, "ada-1815", client, stop=stop)

    assert {p.identity for p in profiles.sandbox.profiles()} == {"2", "ada-1815"}


def test_the_next_sync_does_not_bring_the_person_back(profiles: Sync) -> None:
    profiles.run([ADA, ZOE])
    forget_ada(profiles)

    result = profiles.run([ADA, ZOE], full=True)

    assert result.counts.held == {"forgotten": 1}
    assert report(result) == [("2", "acked", None)]


def test_another_identifier_of_the_person_is_held_too(profiles: Sync) -> None:
    profiles.run([ZOE])
    forget_ada(profiles)

    result = profiles.run([profile("fb", kind="FBID", also=["identity:ada-1815"], Name="Ada")])

    assert result.counts.held == {"forgotten": 1}


def test_events_of_the_person_are_forgotten_with_their_keys(events: Sync) -> None:
    events.run([event("inv-77", identity="ada-1815"), event("inv-78", identity="2")])

    erased = forget_ada(events)

    assert erased.rows == {"purchases": 1}
    for path in events.home.parent.rglob("*"):
        assert not path.is_file() or b"inv-77" not in path.read_bytes(), path.name
    again = events.run([event("inv-77", identity="ada-1815"), event("inv-78", identity="2")])
    assert (again.counts.held, again.counts.unchanged) == ({"forgotten": 1}, 1)


def test_an_event_whose_key_is_somebodys_identity_stays_in_the_reports(events: Sync) -> None:
    result = events.run([event("5", identity="2"), event("6", identity="5")])
    with Client(events.destination) as client:
        erase_person(events.home.parent, "5", client)

    assert report(result) == [("5", "acked", None)]


def test_an_erasure_that_broke_off_finds_the_events_again(
    events: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    events.run([event("inv-77", identity="ada-1815"), event("inv-78", identity="2")])
    with monkeypatch.context() as broken:
        broken.setattr("ct_assets.delivery.operations.erasure._compact", _breaks)
        with pytest.raises(KeyboardInterrupt):
            forget_ada(events)
    forget_ada(events)

    for path in events.home.parent.rglob("*"):
        assert not path.is_file() or b"inv-77" not in path.read_bytes(), path.name


def _breaks(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_a_killed_run_left_is_settled_first(events: Sync) -> None:
    events.run([event("e0")])
    events.run_until_fold([event("inv-77", identity="ada-1815"), event("inv-78", identity="2")])

    forget_ada(events)

    assert not (events.home / "outbox.parquet").exists()
    assert events.run([event("inv-78", identity="2")]).counts.unchanged == 1


def test_whoever_loses_an_identifier_later_is_held_all_the_same(profiles: Sync) -> None:
    profiles.run([profile("ada-1815", also=["objectId:c1"], Name="Ada"), ZOE])
    forget_ada(profiles)

    result = profiles.run([profile("c1", kind="objectId", Name="Ada"), ZOE])

    assert result.counts.held == {"forgotten": 1}


def test_events_under_another_identifier_of_the_person_go_too(profiles: Sync, events: Sync) -> None:
    profiles.run([profile("ada-1815", also=["FBID:fb1"], Name="Ada"), ZOE])
    events.runs = 10  # both write to one folder
    row = event("inv-77", identity="fb1")
    events.run([{**row, "_kind": "FBID", "_record": row["_record"].replace("identity", "FBID")}])

    assert forget_ada(profiles).rows == {"customers": 1, "purchases": 1}


def test_what_a_killed_run_left_half_written_goes_too(profiles: Sync) -> None:
    profiles.run([ADA, ZOE])
    for name in (".outbox.parquet.4711.partial", "reports/.00000002.parquet.4711.partial"):
        (profiles.home / name).write_text("ada-1815")

    forget_ada(profiles)

    assert list(profiles.home.rglob("*.partial")) == []


def test_clevertaps_words_about_the_person_are_overwritten(profiles: Sync) -> None:
    profiles.run([ADA, ZOE])
    with LedgerFile(profiles.home, durable=True) as ledger:
        refusal = Refusal(0, 515, "ada-1815 is not valid")
        ledger.record(1, 0, range(1), "acked", refusals=[refusal] * 50)

    forget_ada(profiles)

    for path in profiles.home.glob("sends.sqlite*"):
        assert b"ada-1815" not in path.read_bytes(), path.name


def test_words_about_others_stay(profiles: Sync) -> None:
    profiles.run([profile("1", Name="Ada"), profile("15", Name="Zoe")])
    said = ("15 is not valid.Skipped record number : 1", "'1' is not valid", "a_1", "x1@a.org", "1")
    with LedgerFile(profiles.home, durable=True) as ledger:
        refusals = [Refusal(0, 515, message) for message in said]
        ledger.record(1, 0, range(1), "acked", refusals=refusals)

    with Client(profiles.destination) as client:
        erase_person(profiles.home.parent, "1", client)

    with sqlite3.connect(profiles.home / "sends.sqlite") as connection:
        kept = connection.execute("select message from refusals order by rowid").fetchall()
    assert [message for (message,) in kept] == [said[0], "(erased)", said[2], said[3], "(erased)"]


def test_the_key_of_the_hashes_is_private(profiles: Sync) -> None:
    profiles.run([ADA])
    forget_ada(profiles)
    forget_ada(profiles)

    folder = profiles.home.parent / ".forgotten"
    assert {p.name: p.stat().st_mode & 0o777 for p in folder.iterdir()} == {
        "key": 0o600,
        "hashes": 0o600,
    }
    assert len((folder / "hashes").read_text().split()) == 1


def test_an_unconfirmed_deletion_says_so(profiles: Sync) -> None:
    profiles.run([ADA])
    with Client(profiles.destination) as client, pytest.raises(ErasureError, match="dashboard"):
        erase_person(profiles.home.parent, "ada-1815", client, kind="FBID")


def test_whoever_is_named_by_what_clevertap_cannot_delete_by(profiles: Sync) -> None:
    profiles.run([profile("ada-1815", also=["FBID:fb1"], Name="Ada"), ZOE])
    with Client(profiles.destination) as client:
        erase_person(profiles.home.parent, "fb1", client, kind="FBID")

    assert [p.identity for p in profiles.sandbox.profiles()] == ["2"]


class Busy(Client):
    """Takes no deletions for a while; keeps the identifiers of those that it was asked for."""

    def __init__(self, destination: Destination, times: int = 0, *, dies: bool = False) -> None:
        super().__init__(destination)
        self.times = times
        self.dies = dies
        self.asked: list[tuple[str, ...]] = []

    def delete_profiles(self, values: Sequence[str], kind: str = "identity") -> Answer:
        self.asked.append((kind, *values))
        self.times -= 1
        if self.dies:
            raise KeyboardInterrupt
        busy = self.times >= 0
        return Reply("h", 429 if busy else 200, b"" if busy else b'{"status":"success"}')


def test_a_deletion_that_is_not_taken_is_repeated(profiles: Sync) -> None:
    profiles.run([ADA])
    with Busy(profiles.destination, 4) as client:
        erase_person(profiles.home.parent, "ada-1815", client, retry=IMPATIENT)

    assert client.asked == [("identity", "ada-1815")] * 5


@pytest.mark.parametrize(
    ("times", "dies", "error"), [(100, False, ErasureError), (0, True, KeyboardInterrupt)]
)
def test_an_unconfirmed_deletion_can_be_finished(
    profiles: Sync, times: int, *, dies: bool, error: type[BaseException]
) -> None:
    profiles.run([profile("ada-1815", also=["FBID:fb1"], Name="Ada"), ZOE])
    with Busy(profiles.destination, times, dies=dies) as client, pytest.raises(error):
        erase_person(profiles.home.parent, "fb1", client, kind="FBID", retry=IMPATIENT)
    with Busy(profiles.destination) as client:
        erase_person(profiles.home.parent, "fb1", client, kind="FBID")

    assert client.asked == [("identity", "ada-1815")]
    for path in profiles.home.parent.rglob("*"):
        assert not path.is_file() or b"ada-1815" not in path.read_bytes(), path.name


def test_erasing_here_alone_keeps_an_unconfirmed_deletion_open(profiles: Sync) -> None:
    profiles.run([profile("ada-1815", also=["FBID:fb1"], Name="Ada"), ZOE])
    with Busy(profiles.destination, 100) as client, pytest.raises(ErasureError):
        erase_person(profiles.home.parent, "fb1", client, kind="FBID", retry=IMPATIENT)
    erase_person(profiles.home.parent, "fb1", None, kind="FBID")
    with Busy(profiles.destination) as client:
        erase_person(profiles.home.parent, "fb1", client, kind="FBID")

    assert client.asked == [("identity", "ada-1815")]


def test_the_state_knows_what_the_last_delivery_did_not_bear(profiles: Sync, events: Sync) -> None:
    profiles.run([profile("ada-1815", also=["FBID:fb1"], Name="Ada"), ZOE])
    profiles.run([ADA, ZOE])
    events.runs = 10  # both write to one folder
    events.run([event("inv-77", identity="ada-1815")])

    with Client(profiles.destination) as client:
        erased = erase_person(profiles.home.parent, "fb1", client, kind="FBID")

    assert erased.rows == {"customers": 1, "purchases": 1}
    assert [p.identity for p in profiles.sandbox.profiles()] == ["2"]
