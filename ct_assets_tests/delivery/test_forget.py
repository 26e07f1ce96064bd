from pathlib import Path

import polars as pl
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery.forget import Erased, ForgetError, forget
from ct_assets_tests.delivery.kit import Sync, event, profile, report

ADA = profile("ada-1815", Name="Ada", Email="ada@example.com")
ZOE = profile("2", Name="Zoë", Email="zoe@example.com")


def forget_ada(sync: Sync, snapshots: list[Path] | None = None) -> Erased:
    with Client(sync.destination) as client:
        return forget(sync.home.parent, "ada-1815", client, snapshots=snapshots or [])


def test_nothing_of_the_person_is_left(profiles: Sync) -> None:
    request = profiles.request([ADA, ZOE])
    profiles.send(request)

    erased = forget_ada(profiles, [request.valid])

    assert erased == Erased({"customers": 1}, files=3)
    assert [p.identity for p in profiles.sandbox.profiles()] == ["2"]
    for path in [*profiles.home.parent.rglob("*"), request.valid]:
        assert not path.is_file() or b"ada-1815" not in path.read_bytes(), path.name
    assert pl.read_parquet(request.valid)["_key"].to_list() == ["2"]


def test_the_next_sync_does_not_bring_the_person_back(profiles: Sync) -> None:
    profiles.run([ADA, ZOE])
    forget_ada(profiles)

    outcome = profiles.run([ADA, ZOE], full=True)

    assert outcome.counts.held == {"forgotten": 1}
    assert report(outcome) == [("2", "acked", None)]


def test_another_identifier_of_the_person_is_held_too(profiles: Sync) -> None:
    profiles.run([ZOE])
    forget_ada(profiles)

    outcome = profiles.run([profile("fb", kind="FBID", also=["identity:ada-1815"], Name="Ada")])

    assert outcome.counts.held == {"forgotten": 1}


def test_events_of_the_person_are_forgotten_with_their_keys(events: Sync) -> None:
    events.run([event("inv-77", identity="ada-1815"), event("inv-78", identity="2")])

    erased = forget_ada(events)

    assert erased.rows == {"purchases": 1}
    for path in events.home.parent.rglob("*"):
        assert not path.is_file() or b"inv-77" not in path.read_bytes(), path.name
    again = events.run([event("inv-77", identity="ada-1815"), event("inv-78", identity="2")])
    assert (again.counts.held, again.counts.unchanged) == ({"forgotten": 1}, 1)


def test_what_a_killed_run_left_is_settled_first(events: Sync) -> None:
    events.run([event("e0")])
    events.run_until_fold([event("inv-77", identity="ada-1815"), event("inv-78", identity="2")])

    forget_ada(events)

    assert not (events.home / "outbox.parquet").exists()
    assert events.run([event("inv-78", identity="2")]).counts.unchanged == 1


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
    with Client(profiles.destination) as client, pytest.raises(ForgetError, match="dashboard"):
        forget(profiles.home.parent, "ada-1815", client, kind="FBID")
