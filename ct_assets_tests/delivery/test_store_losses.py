"""Losses of a shared store: nothing is sent again without a word, and there is a way out."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ct_assets.delivery.operations.erasure import erase_person
from ct_assets.delivery.recovery import transfer
from ct_assets.delivery.recovery.backup import back_up
from ct_assets.delivery.recovery.manifest import read_manifest
from ct_assets.delivery.recovery.rebuild import rebuilt
from ct_assets.delivery.recovery.restore import restoration, restore_forgotten
from ct_assets.delivery.sender.limits import account_slots
from ct_assets.delivery.state.sync_lock import SharedElsewhereError
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.store import places
from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.object_fences import DatabaseBehindError
from ct_assets.store.objects import ObjectMissing
from ct_assets.store.published_state import UnknownStateError
from ct_assets.store.store_settings import StoreError, StoreSettings
from ct_assets_tests.delivery.conftest import Hosts
from ct_assets_tests.delivery.kit import Sync, arrived, event, report
from ct_assets_tests.store.databases import keep, run, set_back

ROWS = [event(str(n), identity=f"p{n}") for n in range(3)]
MORE = [*ROWS, event("3", identity="p3")]

Loss = Callable[[StoreSettings], object]


@pytest.fixture(autouse=True)
def unwitnessed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each test is on machines of its own, which have noted nothing of other deliveries."""
    monkeypatch.setattr(account_slots, "ROOT", tmp_path / "slots")


def forget_notes() -> None:
    shutil.rmtree(account_slots.ROOT, ignore_errors=True)


@pytest.fixture
def store(database: str, hosts: Hosts) -> StoreSettings:
    settings = StoreSettings.of(database, str(hosts.bucket))
    assert settings
    return settings


def database_lost(store: StoreSettings) -> None:
    run(store, "drop schema ct_assets cascade")


def bucket_lost(store: StoreSettings) -> None:
    shutil.rmtree(store.store_url)
    places._probed.cache_clear()


def both_lost(store: StoreSettings) -> None:
    database_lost(store)
    bucket_lost(store)


def delivered_twice(hosts: Hosts, store: StoreSettings) -> None:
    """By host a; what the database had after the first delivery is kept, and no witness is."""
    first = hosts.on("a")
    first.run(ROWS[:2])
    keep(store)
    first.run(ROWS)
    forget_notes()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("loss", "host", "told"),
    [
        (database_lost, "new", DatabaseBehindError),
        (database_lost, "a", DatabaseBehindError),
        (set_back, "new", DatabaseBehindError),
        (set_back, "a", DatabaseBehindError),
        (bucket_lost, "new", ObjectMissing),
        (both_lost, "a", UnknownStateError),
    ],
)
def test_nothing_is_sent_again_without_a_word(
    hosts: Hosts,
    clevertap_sandbox: SandboxInTest,
    store: StoreSettings,
    loss: Loss,
    host: str,
    told: type[StoreError],
) -> None:
    delivered_twice(hosts, store)
    loss(store)

    sync = hosts.on(host)
    for _ in range(3):  # to try again is no answer
        with pytest.raises(told, match=r"[Nn]othing was sent"):
            sync.run(MORE)
    assert len(arrived(clevertap_sandbox)) == 3


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("loss", "host", "again"),
    [
        (database_lost, "new", ["0", "1", "2", "3"]),  # nothing is left, and a person saw that
        (database_lost, "a", ["3"]),
        (set_back, "new", ["2", "3"]),
        (set_back, "a", ["3"]),
        (bucket_lost, "a", ["3"]),
        (both_lost, "a", ["3"]),
    ],
)
def test_a_rebuild_goes_on_from_what_is_left(
    hosts: Hosts, store: StoreSettings, loss: Loss, host: str, again: list[str]
) -> None:
    delivered_twice(hosts, store)
    loss(store)
    sync = hosts.on(host)

    with rebuilt(sync.request(MORE)) as new:
        new.put_in_place()

    assert [key for key, _, _ in report(hosts.on("other").run(MORE))] == again


def test_a_rebuild_that_is_declined_leaves_all_as_it_was(
    hosts: Hosts, store: StoreSettings
) -> None:
    sync = hosts.on("a")
    sync.run(ROWS)
    forget_notes()
    database_lost(store)

    for _ in range(2):
        with pytest.raises(ZeroDivisionError), rebuilt(sync.request(MORE)):
            raise ZeroDivisionError
        with pytest.raises(DatabaseBehindError):
            sync.run(MORE)
    assert [path.name for path in sync.home.glob("state.duckdb*")] == ["state.duckdb"]


def test_a_copy_on_some_disk_is_brought_to_a_new_database(
    hosts: Hosts, store: StoreSettings
) -> None:
    sync = hosts.on("a")
    sync.run(ROWS)
    database_lost(store)

    (moved,) = transfer.copy(sync.home.parents[1])

    assert moved.acked == 3
    assert [key for key, _, _ in report(hosts.on("b").run(MORE))] == ["3"]


def test_a_copy_that_is_cut_short_takes_nothing_away(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = hosts.on("a")
    with monkeypatch.context() as alone:
        alone.delenv("CT_DATABASE_URL")
        alone.delenv("CT_STORE_URL")
        sync.run(ROWS)

    def killed(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as kill:
        kill.setattr(FolderObjects, "put_new", killed)
        with pytest.raises(ZeroDivisionError):
            list(transfer.copy(sync.home.parents[1]))

    with pytest.raises(UnknownStateError, match="ct-assets state copy"):
        sync.run(MORE)
    (moved,) = transfer.copy(sync.home.parents[1])
    assert moved.acked == 3


def restored(sync: Sync, backup: Path) -> None:
    manifest = read_manifest(backup)
    with restoration(sync.home, backup, manifest) as found:
        restore_forgotten(sync.home.parents[1], backup)
        found.put_in_place()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("loss", [database_lost, bucket_lost, both_lost])
def test_a_backup_is_restored_for_all_hosts(
    hosts: Hosts, store: StoreSettings, tmp_path: Path, loss: Loss
) -> None:
    first = hosts.on("a")
    first.run(ROWS)
    erase(first, "p3")
    back_up(first.home.parents[1], tmp_path / "backup")
    loss(store)
    forget_notes()

    restored(hosts.on("b"), tmp_path / "backup")

    assert report(hosts.on("c").run([*MORE, event("4", identity="p4")])) == [("4", "acked", None)]


def erase(sync: Sync, identity: str) -> None:
    policies = {sync.policy.sync: sync.policy}
    erase_person(sync.home.parent, identity, None, policies=policies)


def test_the_forgotten_stay_so_when_the_database_is_set_back(
    hosts: Hosts, store: StoreSettings
) -> None:
    first = hosts.on("a")
    first.run(ROWS)
    erase(first, "p7")
    keep(store)
    erase(first, "p3")
    set_back(store)
    forget_notes()
    sync = hosts.on("new")
    with pytest.raises(DatabaseBehindError):
        sync.run(MORE)

    with rebuilt(sync.request(MORE)) as new:
        new.put_in_place()

    result = hosts.on("other").run(MORE)
    assert result.counts.held == {"forgotten": 1}
    assert report(result) == []


def test_a_sync_that_is_new_knows_whom_a_lost_database_had_forgotten(
    hosts: Hosts, store: StoreSettings, clevertap_sandbox: SandboxInTest
) -> None:
    first = hosts.on("a")
    first.run(ROWS[:1])
    erase(first, "p3")
    before = len(clevertap_sandbox.requests())
    database_lost(store)
    sync = hosts.on("b")
    sync.policy_with(sync="visits")
    sync.home = sync.home.with_name("visits")

    with pytest.raises(DatabaseBehindError):
        sync.run(MORE)

    assert len(clevertap_sandbox.requests()) == before


def test_a_copy_of_a_shared_state_is_not_gone_on_with_alone(
    hosts: Hosts, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = hosts.on("a")
    sync.run(ROWS)
    with monkeypatch.context() as alone:
        alone.delenv("CT_DATABASE_URL")
        alone.delenv("CT_STORE_URL")
        with pytest.raises(SharedElsewhereError, match="is a copy of a state that hosts share"):
            sync.run(MORE)

    assert len(arrived(clevertap_sandbox)) == 3
