"""What a run would refuse to settle, no command settles either."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.ledger.ledger_mark import LedgerMark
from ct_assets.delivery.operations import parked_records, refused_records
from ct_assets.delivery.operations.erasure import ErasureError, erase_person
from ct_assets_tests.delivery import lost
from ct_assets_tests.delivery.guards.test_renamed_sync import renamed
from ct_assets_tests.delivery.kit import Sync, digests, event
from ct_assets_tests.delivery.recovery.test_backup import during_a_run, restore, states

FIRST = [event(f"e{n}", str(n), Key=f"e{n}") for n in range(4)]
MORE = [*FIRST, *(event(f"f{n}", str(n), Key=f"f{n}") for n in range(4))]


def lose_the_log(sync: Sync, _: Path) -> None:
    sync.run(FIRST)
    sync.run_until_fold(MORE)
    mark = LedgerMark(sync.home)
    mark.put(99)
    mark.close()


def restore_half_a_delivery(sync: Sync, notes: Path) -> None:
    sync.run(FIRST)
    backup, _ = during_a_run(sync, MORE)
    shutil.rmtree(states(sync))
    shutil.rmtree(notes)
    restore(sync, backup)


def lose_the_state(sync: Sync, _: Path) -> None:
    sync.run(FIRST)
    sync.run_until_fold(MORE)
    lost.delete(sync.home, "state")


LOSSES = [lose_the_log, restore_half_a_delivery, lose_the_state]
WORK: dict[str, Callable[[Sync], object]] = {
    "parked": lambda sync: parked_records.listing(sync.home, sync.policy),
    "parked --resend": lambda sync: parked_records.resend(sync.home, sync.policy),
    "parked --discard": lambda sync: parked_records.discard(sync.home, sync.policy),
    "replay": lambda sync: refused_records.replay(sync.home, sync.policy),
}


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ct_assets.delivery.delivery_request.MAX_RECORDS", 2)


@pytest.mark.parametrize("lose", LOSSES)
def test_a_state_that_a_run_refuses_stays_as_it_is(
    events: Sync, notes_of_states: Path, lose: Callable[[Sync, Path], None]
) -> None:
    lose(events, notes_of_states)
    before = digests(events.home)

    for name, work in WORK.items():
        with pytest.raises(GuardError, match=r"Nothing was sent\. To bring back what is known"):
            work(events)
        assert digests(events.home) == before, name


@pytest.mark.parametrize("lose", LOSSES)
def test_nobody_is_erased_from_it_but_their_rows_are_held_back(
    events: Sync, notes_of_states: Path, lose: Callable[[Sync, Path], None]
) -> None:
    lose(events, notes_of_states)
    (events.home / "state.duckdb.aside").write_text("which a rebuild may need")
    before = digests(events.home)
    policies = {"purchases": events.policy}

    with pytest.raises(ErasureError, match=r"held back.* erased yet: .*state rebuild purchases"):
        erase_person(events.home.parent, "1", None, policies=policies)

    assert digests(events.home) == before
    allowed = events.run(MORE, allow=frozenset(["lost_state"]))
    assert allowed.counts.held["forgotten"] == 2


@pytest.mark.parametrize("lose", LOSSES)
def test_a_sync_under_a_new_name_leaves_it_alone(
    events: Sync, notes_of_states: Path, lose: Callable[[Sync, Path], None]
) -> None:
    lose(events, notes_of_states)
    before = digests(events.home)

    with pytest.raises(GuardError, match="nobody can tell whether its events were sent by"):
        renamed(events).run(MORE)

    assert digests(events.home) == before
