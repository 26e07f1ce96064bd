"""Hosts are folders here: each has its own CT_DATA_DIR, and they share a Postgres and a folder."""

from pathlib import Path

import polars as pl
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.commands.checkup.state_files import states
from ct_assets.delivery.delivery_request import LogPolicy
from ct_assets.delivery.operations.erasure import erase_person
from ct_assets.delivery.operations.inspection import key_history, sync_status
from ct_assets.delivery.plan_report import plan
from ct_assets.delivery.recovery import transfer
from ct_assets.delivery.recovery.backup import back_up
from ct_assets.delivery.recovery.manifest import read_manifest
from ct_assets.delivery.settlement import sync_log
from ct_assets.delivery.state.shared_folders import reading
from ct_assets.delivery.state.sync_files import STATE
from ct_assets.delivery.state.sync_lock import SyncBusyError, locked
from ct_assets.errors import UserError
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.objects import ObjectMissing
from ct_assets.store.postgres.store_session import DatabaseError
from ct_assets.store.published_state import UnknownStateError
from ct_assets.store.store_settings import StoreError
from ct_assets_tests.delivery.conftest import Hosts
from ct_assets_tests.delivery.kit import Sync, arrived, digests, event, report
from ct_assets_tests.store.s3_server import s3_server

pytestmark = pytest.mark.sampled(2)


def test_a_host_with_an_empty_disk_knows_what_was_sent(
    hosts: Hosts, clevertap_sandbox: SandboxInTest
) -> None:
    rows = [event(str(n)) for n in range(3)]
    hosts.on("a").run(rows)
    hosts.wipe("a")

    result = hosts.on("b").run([*rows, event("3")])

    assert report(result) == [("3", "acked", None)]
    assert [each["evtData"] for each in arrived(clevertap_sandbox)] == [{}] * 4


def test_a_delivery_cut_short_is_settled_elsewhere(
    hosts: Hosts, clevertap_sandbox: SandboxInTest
) -> None:
    rows = [event(str(n)) for n in range(3)]
    hosts.on("a").run_until_fold(rows)
    hosts.wipe("a")

    result = hosts.on("b").run([*rows, event("3")])

    assert result.settled is not None
    assert result.settled.acked == 3
    assert len(arrived(clevertap_sandbox)) == 4


def test_the_log_of_all_hosts_is_whole_on_each_of_them(hosts: Hosts) -> None:
    rows = [event(str(n)) for n in range(4)]
    first = hosts.on("a")
    first.policy_with(log=LogPolicy())
    first.run(rows[:2])
    first.run_until_fold(rows[:3])
    hosts.wipe("a")
    second = hosts.on("b")
    second.policy_with(log=LogPolicy())
    second.run(rows)

    third = hosts.on("c")
    with reading(third.home, needs=f"{sync_log.FOLDER}/*"):
        log = pl.concat([pl.read_parquet(path) for path in sync_log.files(third.home)])

    assert sorted(log.select("delivery", "key", "outcome").rows()) == [
        (1, "0", "acked"),
        (1, "1", "acked"),
        (2, "2", "acked"),
        (3, "3", "acked"),
    ]


def test_nothing_leaves_when_the_database_is_out_of_reach(
    hosts: Hosts, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = hosts.on("a")
    monkeypatch.setenv("CT_DATABASE_URL", "postgresql://shop:canary@127.0.0.1:1/db")

    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1:1/db: the database cannot be reached"):
        sync.run([event("1")])

    assert arrived(clevertap_sandbox) == []


def test_nothing_leaves_when_an_object_is_missing(
    hosts: Hosts, clevertap_sandbox: SandboxInTest
) -> None:
    hosts.on("a").run([event("1")])
    for path in hosts.bucket.rglob("*state.duckdb"):
        path.unlink()

    with pytest.raises(ObjectMissing, match=r"state\.duckdb is missing in"):
        hosts.on("b").run([event("1"), event("2")])

    assert len(arrived(clevertap_sandbox)) == 1


def test_commands_of_any_host_see_the_same(hosts: Hosts) -> None:
    hosts.on("a").run([event("1"), event("2")])
    sync = hosts.on("b")

    planned = plan(sync.request([event("1"), event("3")]))
    history = key_history(sync.home, sync.policy, "2")
    status = sync_status(sync.home)

    assert (planned.new, planned.unchanged) == (1, 1)
    assert history is not None
    assert [each.outcome for each in history.outcomes] == ["acked"]
    assert status is not None
    assert status.synced == 2


def test_commands_wait_for_no_run_of_another_host(hosts: Hosts) -> None:
    first = hosts.on("a")
    first.run([event("1")])
    with locked(first.home):
        second = hosts.on("b")

        with pytest.raises(SyncBusyError, match="another run of this sync is under way"):
            sync_status(second.home)


def test_whoever_is_forgotten_on_one_host_is_on_all(hosts: Hosts) -> None:
    first = hosts.on("a")
    first.run([event("1", identity="ann"), event("2", identity="bob")])
    hosts.wipe("a")
    second = hosts.on("b")
    with Client(second.destination) as client:
        erasure = erase_person(
            second.home.parent, "ann", client, policies={second.policy.sync: second.policy}
        )

    result = hosts.on("c").run([event("3", identity="ann"), event("4", identity="bob")])

    assert erasure.rows == {"purchases": 1}
    assert result.counts.held == {"forgotten": 1}
    assert report(result) == [("4", "acked", None)]
    held = [path for path in hosts.bucket.rglob("*") if path.is_file()]
    assert not [path for path in held if b"ann" in path.read_bytes()]


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


def test_nothing_that_lies_aside_is_overwritten_by_another_host(hosts: Hosts) -> None:
    for host in ("a", "b"):
        sync = hosts.on(host)
        sync.run([event(host)], allow=frozenset({"lost_state"}))
        with locked(sync.home):
            (sync.home / STATE).write_bytes(f"damaged on {host}".encode())
    third = hosts.on("c")
    third.run([event("c")], allow=frozenset({"lost_state"}))

    with locked(third.home, needs="*"):
        kept = {path.name: path.read_bytes() for path in third.home.glob(f"{STATE}*.aside")}
    assert kept == {
        f"{STATE}.aside": b"damaged on a",
        f"{STATE}.2.aside": b"damaged on b",
    }


def test_a_bucket_serves_as_a_folder_does(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3_server() as s3:
        s3.bucket("shop")
        monkeypatch.setenv("CT_STORE_URL", "s3://shop/ct assets")
        hosts.on("a").run([event("1"), event("2")])
        hosts.wipe("a")

        result = hosts.on("b").run([event("1"), event("3")])

    assert report(result) == [("3", "acked", None)]


def test_doctor_tells_of_a_store_that_does_not_serve(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts.on("a").run([event("1")])
    for path in hosts.bucket.rglob("*state.duckdb"):
        path.unlink()
    (lacking,) = states(hosts.on("b").home.parents[1])
    monkeypatch.setenv("CT_DATABASE_URL", "postgresql://shop:canary@127.0.0.1:1/db")
    (unreached,) = states(hosts.on("b").home.parents[1])

    assert (lacking.status, unreached.status) == ("failed", "failed")
    assert "state.duckdb is missing in" in lacking.found
    assert "the database cannot be reached" in unreached.found
