"""A backup is consistent while runs go on; put back, it hides nothing that was sent since."""

import json
import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery import DeliveryResult, deliver
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.guards.state_comparison import label
from ct_assets.delivery.operations import parked_records
from ct_assets.delivery.recovery.backup import back_up
from ct_assets.delivery.recovery.manifest import MANIFEST, STATES, BackupError, read_manifest
from ct_assets.delivery.recovery.restore import Restoration, restoration, restore_forgotten
from ct_assets.delivery.state import witness
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.delivery.state.sync_files import OUTBOX, STATE
from ct_assets_tests.delivery import lost
from ct_assets_tests.delivery.kit import IMPATIENT, Row, Sync, digests
from ct_assets_tests.delivery.recovery.rebuild_kit import (
    ALL,
    CHANGED,
    FIRST,
    MORE,
    NEW,
    PEOPLE,
    delivered,
    goes_on,
    rebuild,
)

pytestmark = pytest.mark.sampled(3)


def states(sync: Sync) -> Path:
    return sync.folder / "state"


def backed_up(sync: Sync) -> Path:
    back_up(states(sync), sync.folder / "backup")
    return sync.folder / "backup"


def restore(sync: Sync, backup: Path) -> Restoration:
    with restoration(sync.home, backup, read_manifest(backup)) as found:
        found.put_in_place()
    return found


def test_a_copy_is_whole_and_the_state_stays_as_it_is(events: Sync) -> None:
    events.run(FIRST)
    events.run_until_fold(MORE)
    before = digests(states(events))

    backup = backed_up(events)

    assert digests(states(events)) == before
    manifest = read_manifest(backup)
    (copied,) = manifest.syncs.values()
    assert (copied.folded, copied.keys, copied.under_way) == (1, 20, 2)
    assert manifest.faults(backup, manifest.syncs) == []
    assert witness.read(backup / STATES / label(events.home)).damaged == frozenset()
    assert {path.stat().st_mode & 0o077 for path in backup.rglob("*")} == {0}


def test_a_state_from_before_the_clock_was_set_back_is_copied(events: Sync) -> None:
    events.run(FIRST)
    tomorrow = events.home.stat().st_mtime + 86_400
    os.utime(events.home / STATE, (tomorrow, tomorrow))

    assert read_manifest(backed_up(events)).syncs[label(events.home)].keys == 20


def test_a_restored_copy_of_the_last_delivery_goes_on(events: Sync) -> None:
    events.run(MORE)
    backup = backed_up(events)
    shutil.rmtree(events.home)

    found = restore(events, backup)

    assert (found.later, found.witness) == ((), None)
    assert goes_on(events).counts.acked == 1
    assert delivered(events) == ALL


def test_what_was_sent_since_stops_a_run_and_comes_back_with_a_rebuild(events: Sync) -> None:
    events.run(FIRST)
    backup = backed_up(events)
    events.run(MORE)

    found = restore(events, backup)

    (later,) = found.later
    assert (later.number, later.acked) == (2, 5)
    assert later.at
    with pytest.raises(GuardError, match=r"state\.duckdb is an older copy, of delivery 1: .* know"):
        events.run(NEW)
    assert rebuild(events, NEW).evidence[0] == "state.duckdb.aside, up to delivery 2"
    assert goes_on(events).counts.acked == 1
    assert delivered(events) == ALL


def test_on_an_empty_disk_the_note_of_the_account_tells(events: Sync) -> None:
    events.run(FIRST)
    backup = backed_up(events)
    events.run(MORE)
    shutil.rmtree(states(events))

    found = restore(events, backup)

    assert [(each.number, each.acked) for each in found.later] == [(2, None)]
    with pytest.raises(GuardError, match="noted beside the account's slots knows of delivery 2"):
        events.run(NEW)
    new = rebuild(events, NEW)
    assert (new.gaps, new.next_run.new) == ((2,), 6)


def during_a_run(sync: Sync, rows: list[Row]) -> tuple[Path, DeliveryResult]:
    """A backup that is made once the first answer has come, and what becomes of the run."""
    backups: list[Path] = []

    def progress(_: object) -> None:
        if not backups:
            backups.append(backed_up(sync))

    with Client(sync.destination) as client:
        result = deliver(
            sync.request(rows), client, rng=Random(7), retry=IMPATIENT, progress=progress
        )
    return backups[0], result


@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_during_a_run(events: Sync, monkeypatch: pytest.MonkeyPatch, on_unknown: str) -> None:
    monkeypatch.setattr("ct_assets.delivery.delivery_request.MAX_RECORDS", 2)
    events.policy_with(on_unknown=on_unknown)
    events.run(FIRST)
    backup, result = during_a_run(events, MORE)
    assert result.counts.acked == 5
    (copied,) = read_manifest(backup).syncs.values()
    assert (copied.folded, copied.under_way) == (1, 2)

    found = restore(events, backup)

    assert [(each.number, each.acked) for each in found.later] == [(2, 5)]
    with pytest.raises(GuardError, match=r"state\.duckdb is an older copy, of delivery 1"):
        events.run(NEW)
    rebuild(events, NEW)
    assert goes_on(events).counts.acked == 1
    assert delivered(events) == ALL


@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_a_copy_of_half_a_delivery_alone_repeats_none(
    events: Sync, monkeypatch: pytest.MonkeyPatch, notes_of_states: Path, on_unknown: str
) -> None:
    """The disk and every other witness are gone."""
    monkeypatch.setattr("ct_assets.delivery.delivery_request.MAX_RECORDS", 2)
    events.policy_with(on_unknown=on_unknown)
    events.run(FIRST)
    backup, _ = during_a_run(events, MORE)
    shutil.rmtree(states(events))
    shutil.rmtree(notes_of_states)

    restore(events, backup)

    with pytest.raises(GuardError, match=r"made during it, knows of delivery 2"):
        events.run(NEW)
    new = rebuild(events, NEW)
    assert new.sent + new.parked == 25
    assert new.parked > 0
    assert events.run(NEW).counts.acked == 1
    assert delivered(events) == ALL
    assert len(parked_records.listing(events.home, events.policy)) == new.parked


def test_a_copy_made_after_the_last_answer_knows_all_of_them(
    events: Sync, notes_of_states: Path
) -> None:
    events.run(FIRST)
    events.run_until_fold(MORE, meanwhile=lambda: backed_up(events))
    shutil.rmtree(states(events))
    shutil.rmtree(notes_of_states)
    restore(events, events.folder / "backup")

    new = rebuild(events, NEW)

    assert (new.sent, new.parked, new.next_run.new) == (25, 0, 1)
    assert goes_on(events).counts.acked == 1
    assert delivered(events) == ALL


def test_profiles_go_on_after_a_restore(profiles: Sync) -> None:
    profiles.run(PEOPLE)
    backup = backed_up(profiles)
    profiles.run(CHANGED)
    restore(profiles, backup)

    assert profiles.run(CHANGED).counts.changed == 9  # each may have changed since, and back


def test_a_second_backup_needs_a_folder_of_its_own(events: Sync) -> None:
    events.run(FIRST)
    backup = backed_up(events)

    with pytest.raises(BackupError, match="is not empty: name a new folder"):
        back_up(states(events), backup)


def test_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing was ever sent from there"):
        back_up(tmp_path, tmp_path / "backup")


def test_a_damaged_state_is_not_backed_up_as_if_it_were_whole(events: Sync) -> None:
    events.run(FIRST)
    lost.flip(events.home, "state")

    with pytest.raises(BackupError, match=r"state\.duckdb is damaged"):
        backed_up(events)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "is not as it was written"),
    ],
)
def test_a_backup_that_is_not_whole_restores_nothing(events: Sync, spoil: Any, told: str) -> None:
    events.run(FIRST)
    backup = backed_up(events)
    spoil(backup / STATES / label(events.home) / STATE)
    before = digests(states(events))

    with (
        pytest.raises(BackupError, match=rf"state\.duckdb {told}\. Nothing was restored"),
        ExitStack() as stack,
    ):
        stack.enter_context(restoration(events.home, backup, read_manifest(backup)))

    assert digests(states(events)) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "is no backup: it has no manifest"),
        ("{", r"is damaged \(JSONDecodeError\)"),
        ("{}", r"is damaged \(KeyError\)"),
        (json.dumps({"version": 2, "made_by": "9.9"}), "made by a newer ct_assets, 9.9; upgrade"),
    ],
)
def test_folders_that_are_no_backup(tmp_path: Path, text: str | None, told: str) -> None:
    if text is not None:
        (tmp_path / MANIFEST).write_text(text)

    with pytest.raises(BackupError, match=told):
        read_manifest(tmp_path)


def test_erased_people_stay_erased(events: Sync) -> None:
    events.run(FIRST)
    suppressions = Suppressions(states(events) / events.destination.name)
    suppressions.add([("identity", "1")])
    backup = backed_up(events)
    suppressions.add([("identity", "2")])

    assert restore_forgotten(states(events), backup) == 1
    assert suppressions.knows(["identity:1"])
    assert suppressions.knows(["identity:2"])

    shutil.rmtree(states(events))
    assert restore_forgotten(states(events), backup) == 0
    assert suppressions.knows(["identity:1"])


def test_an_outbox_that_a_killed_run_left_is_settled_after_a_restore(events: Sync) -> None:
    events.run(FIRST)
    events.run_until_fold(MORE)
    backup = backed_up(events)
    shutil.rmtree(states(events))

    restore(events, backup)

    assert (events.home / OUTBOX).exists()
    rebuild(events, NEW)
    assert goes_on(events).counts.acked == 1
    assert delivered(events) == ALL
