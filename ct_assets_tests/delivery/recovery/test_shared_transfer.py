"""States that move between a host and what hosts share; hosts are folders here."""

from pathlib import Path

import pytest

from ct_assets.delivery.recovery import transfer
from ct_assets.delivery.recovery.backup import back_up
from ct_assets.delivery.recovery.manifest import read_manifest
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.errors import UserError
from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.published_state import UnknownStateError
from ct_assets.store.store_settings import StoreError
from ct_assets_tests.delivery.conftest import Hosts
from ct_assets_tests.delivery.kit import Sync, digests, event, report

pytestmark = pytest.mark.sampled(2)


def test_a_local_state_is_copied_to_the_store_once(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = hosts.on("a")
    with monkeypatch.context() as alone:
        alone.delenv("CT_DATABASE_URL")
        alone.delenv("CT_STORE_URL")
        sync.run([event("1"), event("2")])
    with pytest.raises(UserError, match="ct-assets state copy"):
        sync.run([event("3")])

    (moved,) = transfer.copy(sync.home.parents[1])

    assert (moved.label, moved.acked, moved.held) == (f"{sync.destination.name}/purchases", 2, 0)
    assert report(hosts.on("b").run([event("1"), event("3")])) == [("3", "acked", None)]
    assert report(hosts.on("a").run([event("2"), event("4")])) == [("4", "acked", None)]
    with pytest.raises(UserError, match="has a state of it already"):
        list(transfer.copy(sync.home.parents[1]))


def test_an_export_goes_back_to_one_host(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts.on("a").run([event("1"), event("2")])
    states = hosts.on("b").home.parents[1]

    (exported,) = transfer.export(states, tmp_path / "export")
    monkeypatch.delenv("CT_DATABASE_URL")
    monkeypatch.delenv("CT_STORE_URL")
    alone = hosts.on("c")
    (brought,) = transfer.bring(tmp_path / "export", alone.home.parents[1])

    assert (exported.acked, brought.acked) == (2, 2)
    assert report(alone.run([event("1"), event("3")])) == [("3", "acked", None)]


def test_a_backup_has_what_is_shared(hosts: Hosts, tmp_path: Path) -> None:
    first = hosts.on("a")
    first.run([event("1"), event("2")])
    with locked(first.home):  # a run of another host is no reason to wait
        made = back_up(hosts.on("b").home.parents[1], tmp_path / "backup")

    (label,) = made.syncs
    copied = read_manifest(tmp_path / "backup")
    assert copied.syncs[label].keys == 2
    assert copied.faults(tmp_path / "backup", [label]) == []
    assert not [name for name in digests(tmp_path / "backup") if "published" in name]


def alone(hosts: Hosts, name: str, monkeypatch: pytest.MonkeyPatch) -> Sync:
    """A host that has sent two events, and shared nothing."""
    sync = hosts.on(name)
    with monkeypatch.context() as patch:
        patch.delenv("CT_DATABASE_URL")
        patch.delenv("CT_STORE_URL")
        sync.run([event("1"), event("2")])
    return sync


def test_no_backup_is_made_of_a_state_that_was_never_shared(
    hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = alone(hosts, "a", monkeypatch)

    with pytest.raises(UnknownStateError, match="the shared store has none"):
        back_up(sync.home.parents[1], tmp_path / "backup")


def test_an_import_leaves_nothing_where_the_store_has_a_state(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = alone(hosts, "a", monkeypatch)
    hosts.on("b").run([event("3")], allow=frozenset({"lost_state"}))
    third = hosts.on("c")

    with pytest.raises(UserError, match="the shared store has a state of it already"):
        list(transfer.bring(source.home.parents[1], third.home.parents[1]))

    assert not third.home.exists()
    assert report(third.run([event("3"), event("4")])) == [("4", "acked", None)]


def test_an_import_that_fails_can_be_done_again(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = alone(hosts, "a", monkeypatch)
    states = hosts.on("b").home.parents[1]
    with monkeypatch.context() as patch:
        patch.setattr(FolderObjects, "put_new", lambda *_: (_ for _ in ()).throw(StoreError("x")))
        with pytest.raises(StoreError, match="x"):
            list(transfer.bring(source.home.parents[1], states))

    (brought,) = transfer.bring(source.home.parents[1], states)

    assert brought.acked == 2
