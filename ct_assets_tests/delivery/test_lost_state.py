"""Lost, old, torn and foreign files: nothing that was acknowledged leaves again unasked.

Each cell of the matrix begins with a copy of files that were made once.
"""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination, sandbox_destination
from ct_assets.delivery.guards import lost_state
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.sender.limits import account_slots
from ct_assets.delivery.state.sync_files import OUTBOX, StorageError, check_access
from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.delivery import lost
from ct_assets_tests.delivery.kit import NOW, event
from ct_assets_tests.delivery.lost import (
    ANOTHER_ACCOUNT,
    ANOTHER_SYNC,
    ANOTHER_USER,
    HOWS,
    LostSync,
    Made,
    is_there,
    lose,
)

pytestmark = pytest.mark.sampled(8)

EVENT = {"object": "event"}
COUNTER = {"object": "profile", "idempotent": False}
"""A profile that counts twice if it arrives twice."""
MOMENTS = [
    (EVENT, "finished", "resend"),
    *itertools.product([EVENT], ("killed", "between"), ("resend", "park")),
    (COUNTER, "finished", "resend"),
    (COUNTER, "between", "park"),
]
"""At which moment the last run ended, and what becomes of records whose answer was lost."""

DAMAGED = "{part} is damaged and cannot be read"
NOT_MINE = "{part} cannot be written by"
FOREIGN = "state.duckdb is that of {other}"
WORDS = {
    ("state", "deleted"): "state.duckdb is missing, though sends.sqlite",
    ("state", "older"): "state.duckdb is an older copy, of delivery 1: sends.sqlite",
    ("state", "truncated"): DAMAGED,
    ("state", "flipped"): DAMAGED,
    ("state", ANOTHER_SYNC): FOREIGN,
    ("state", ANOTHER_ACCOUNT): FOREIGN,
    ("state", ANOTHER_USER): NOT_MINE,
    ("ledger", "deleted"): "sends.sqlite is missing, though state.duckdb knows of delivery 2",
    ("ledger", "older"): "sends.sqlite is an older copy, which ends with delivery 1: state.duckdb",
    ("ledger", "truncated"): DAMAGED,
    ("ledger", "flipped"): DAMAGED,
    ("ledger", ANOTHER_SYNC): "sends.sqlite tells of another state than the state.duckdb that is",
    ("ledger", ANOTHER_ACCOUNT): "sends.sqlite tells of another state than the state.duckdb that",
    ("ledger", ANOTHER_USER): NOT_MINE,
    ("outbox", "deleted"): "outbox.parquet is missing, though delivery 2 was cut short",
    ("outbox", "older"): "outbox.parquet is missing, though delivery 2 was cut short",
    ("outbox", "truncated"): DAMAGED,
    ("outbox", "flipped"): DAMAGED,
    ("outbox", ANOTHER_SYNC): DAMAGED,
    ("outbox", ANOTHER_ACCOUNT): DAMAGED,
    ("outbox", ANOTHER_USER): NOT_MINE,
    ("reports", "deleted"): "the reports are missing; the last delivery is",
    ("reports", "older"): "the reports end with delivery 1; the last delivery is 2.",
    ("reports", "truncated"): "the latest of the reports is damaged: what it said",
    ("reports", "flipped"): "the latest of the reports is damaged: what it said",
    ("reports", ANOTHER_SYNC): "the reports tell of another state than the state.duckdb that is",
    ("reports", ANOTHER_ACCOUNT): "the reports tell of another state than the state.duckdb that is",
    ("reports", ANOTHER_USER): NOT_MINE,
    ("folder", "deleted"): "state.duckdb is missing, though what {data} noted beside the account's",
    ("folder", "older"): "state.duckdb is an older copy, of delivery 1: what {data} noted beside",
    ("folder", "truncated"): "sends.sqlite is damaged and cannot be read",
    ("folder", "flipped"): "sends.sqlite is damaged and cannot be read",
    ("folder", ANOTHER_SYNC): FOREIGN,
    ("folder", ANOTHER_ACCOUNT): FOREIGN,
    ("folder", ANOTHER_USER): "cannot be written by",
}
LOG_GONE = "sends.sqlite has lost its latest entries: its sends.sqlite-wal is missing or damaged"
LOG_WORDS = {
    "deleted": LOG_GONE,
    "truncated": LOG_GONE,
    "flipped": LOG_GONE,
    "older": LOG_GONE,  # a finished delivery leaves none
    ANOTHER_SYNC: DAMAGED,
    ANOTHER_ACCOUNT: DAMAGED,
    ANOTHER_USER: NOT_MINE,
}
PARTS = {
    "state": "state.duckdb",
    "ledger": "sends.sqlite",
    "wal": "sends.sqlite",
    "outbox": OUTBOX,
    "reports": "reports",
}
GOES_ON = {("reports", how) for how in ("deleted", "older", "truncated", "flipped")}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that another user may enter, too."""
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(account_slots, "ROOT", root / "slots")
        patched.setattr(account_witness, "ROOT", root / "states")
        patched.setattr("ct_assets.delivery.delivery_request.MAX_RECORDS", 2)
        patched.setattr("ct_assets.delivery.state.sync_files.MAX_THREADS", 1)
        yield root
    shutil.rmtree(root)


def destination(server: SandboxInTest) -> Destination:
    return sandbox_destination(server.url, server.id)


@pytest.fixture(scope="module")
def made(folder: Path) -> Iterator[Made]:
    """Each sync is delivered once, whatever becomes of its files in how many cells."""
    syncs: dict[tuple[Any, ...], LostSync] = {}
    (folder / "server").mkdir()
    with served(folder / "server") as server, Client(destination(server)) as client:

        def of(moment: str, name: str = "purchases", account: str = "", **policy: Any) -> LostSync:
            key = (moment, name, account, *policy.values())
            if key not in syncs:
                home = folder / f"{len(syncs):03}"
                syncs[key] = LostSync(
                    home, server, name, moment, client=client, account=account, **policy
                )
            syncs[key].as_it_was()
            return syncs[key]

        yield of


@pytest.fixture(autouse=True)
def notes_of_states() -> None:
    """Those of this module lie in `folder`."""


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("part", lost.FILES)
@pytest.mark.parametrize(("record", "moment", "on_unknown"), MOMENTS)
def test_nothing_that_counts_twice_leaves_again(
    made: Made, record: dict[str, Any], moment: str, on_unknown: str, part: str, how: str
) -> None:
    case = made(moment, **record, on_unknown=on_unknown)
    there = is_there(case, part, how)
    if how == ANOTHER_USER:
        with lost.owned_by_another(case.sync.folder, case.home, part):
            told = case.run() if there else []
        other = ""
    else:
        other = lose(case, part, how, made)
        told = case.run() if there else []

    assert case.sent_again() == []
    if not there or (part, how, moment != "finished") == ("reports", "older", True):
        assert told == []  # a run that was killed had not written the last report yet
        return
    words = LOG_WORDS[how] if part == "wal" else WORDS[part, how]
    expected = words.format(part=PARTS.get(part), other=other, data=case.sync.folder)
    assert expected in told[0]
    assert told[0].startswith("stopped: ") == ((part, how) not in GOES_ON)


def told_to_profiles(case: LostSync) -> tuple[list[str], bool]:
    """What a run says of the state, and whether it goes on."""
    request = replace(case.request)
    try:
        check_access(case.home)
        comparison = lost_state.review(request)
    except StorageError as error:
        return [str(error)], False
    return [*comparison.notes], lost_state.objection(request.policy, comparison) is None


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("part", lost.FILES)
@pytest.mark.parametrize(
    ("moment", "on_unknown"),
    [("finished", "resend"), ("killed", "resend"), ("killed", "park"), ("between", "park")],
)
def test_profiles_go_on_with_a_word(
    made: Made, moment: str, on_unknown: str, part: str, how: str
) -> None:
    case = made(moment, object="profile", on_unknown=on_unknown)
    there = is_there(case, part, how)
    if how == ANOTHER_USER:
        with lost.owned_by_another(case.sync.folder, case.home, part):
            told, goes_on = told_to_profiles(case)
        other = ""
    else:
        other = lose(case, part, how, made)
        told, goes_on = told_to_profiles(case)

    if not there or (part, how, moment != "finished") == ("reports", "older", True):
        assert told == []
        return
    words = LOG_WORDS[how] if part == "wal" else WORDS[part, how]
    assert words.format(part=PARTS.get(part), other=other, data=case.sync.folder) in told[0]
    assert goes_on == (how != ANOTHER_USER)


@pytest.mark.parametrize("moment", ["finished", "killed"])
@pytest.mark.parametrize(("part", "how"), [("state", "deleted"), ("ledger", "flipped")])
def test_a_run_of_profiles_that_went_on_is_the_last_to_speak_of_it(
    made: Made, moment: str, part: str, how: str
) -> None:
    case = made(moment, object="profile")
    lose(case, part, how, made)

    assert case.run() != []
    assert case.run() == []
    assert case.sync.send(case.request).counts.unchanged == lost.SECOND


@pytest.mark.parametrize("part", ["state", "ledger"])
def test_profiles_that_an_older_copy_takes_for_unchanged_are_sent(made: Made, part: str) -> None:
    """What the copy does not know of may have changed them, and the source has changed back."""
    case = made("finished" if part == "state" else "killed", object="profile")
    lost.put_back(case.home, part, case.older)

    result = case.sync.send(replace(case.request, valid=case.sync.request(case.rows(4)).valid))

    assert (result.counts.changed, result.counts.unchanged) == (4, 0)
    assert case.run() == []


def test_a_lost_ledger_of_finished_deliveries_changes_no_profile(made: Made) -> None:
    case = made("finished", object="profile")
    lost.delete(case.home, "ledger")

    assert case.sync.send(case.request).counts.unchanged == lost.SECOND


@pytest.mark.parametrize("on_removed", ["clear", "delete"])
def test_profiles_whose_removal_would_do_harm_stop(made: Made, on_removed: str) -> None:
    case = made("finished", object="profile", on_removed=on_removed)
    lost.delete(case.home, "state")

    assert case.run()[0].startswith("stopped: purchases: state.duckdb is missing")


def test_events_that_may_be_sent_again_are_sent_once(made: Made) -> None:
    case = made("finished", object="event", on_unknown="resend")
    lost.delete(case.home, "state")

    told = case.run(allow=frozenset(["lost_state"]))

    assert "8 acknowledged events may be sent again, or more" in told[0]
    assert sorted(case.sent_again()) == sorted(case.known)
    assert case.run() == []
    assert len(case.sent_again()) == lost.SECOND


def test_from_now_on_a_lost_disk_new_events_are_sent(made: Made) -> None:
    """What happened up to the last delivery counts as sent, and nothing that came later."""
    case = made("finished", object="event", first_run="from_now")
    lost.delete(case.home, "folder")
    new = event("new", "1", int(NOW.timestamp()) + 60, Key=f"{case.mark}-new")
    request = case.sync.request([*case.rows(), new])

    with pytest.raises(GuardError) as stopped:
        case.sync.send(request)
    result = case.sync.send(replace(request, allow=frozenset(["lost_state"])))

    assert (
        "All events up to 2026-01-02 03:04:05 UTC, when the last delivery began, would be held as "
        "before_from_now, and not sent"
    ) in str(stopped.value)
    assert (result.counts.held, result.counts.acked) == ({"before_from_now": 8}, 1)
    assert case.sent_again() == []


def test_the_ways_out_are_named(made: Made) -> None:
    case = made("finished", object="event", on_unknown="resend")
    lost.delete(case.home, "state")

    assert case.run() == [
        "stopped: purchases: state.duckdb is missing, though sends.sqlite, the reports and what "
        f"{case.sync.folder} noted beside the account's slots know of delivery 2. 8 "
        "acknowledged events may be sent again, or more. Nothing was sent. To bring back what is "
        "known of it: ct-assets state rebuild purchases; from a backup: ct-assets state restore "
        "FOLDER. If that may happen, run once with allow: [lost_state] (ct-assets run purchases "
        "--allow lost_state)"
    ]
