"""Hosts are folders here: each has its own CT_DATA_DIR, and they share a Postgres and a folder."""

import contextlib

import polars as pl
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.commands.checkup.state_files import states
from ct_assets.delivery.delivery_request import LogPolicy
from ct_assets.delivery.operations.erasure import erase_person
from ct_assets.delivery.operations.inspection import key_history, sync_status
from ct_assets.delivery.plan_report import plan
from ct_assets.delivery.planned_delivery import plan_delivery
from ct_assets.delivery.settlement import log_files
from ct_assets.delivery.state.shared_folders import reading
from ct_assets.delivery.state.sync_files import STATE
from ct_assets.delivery.state.sync_lock import SyncBusyError, locked
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.store.objects import ObjectMissing
from ct_assets.store.postgres.store_session import DatabaseError
from ct_assets_tests.delivery.conftest import Hosts
from ct_assets_tests.delivery.kit import arrived, event, report
from ct_assets_tests.store.s3_server import s3_server

pytestmark = pytest.mark.sampled(2)


class KilledError(Exception):
    """Ends a block as a kill would: nothing of it is published."""


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


def test_a_run_with_nothing_to_send_publishes_nothing_before_its_end(
    hosts: Hosts, clevertap_sandbox: SandboxInTest
) -> None:
    rows = [event(str(n)) for n in range(3)]
    first = hosts.on("a")
    first.run(rows)
    published = sorted(hosts.bucket.rglob("*"))
    with (
        contextlib.suppress(KilledError),
        SyncState.open(first.home, first.policy) as state,
    ):
        plan_delivery(first.request(rows), state)
        raise KilledError
    assert sorted(hosts.bucket.rglob("*")) == published
    hosts.wipe("a")

    result = hosts.on("b").run([*rows, event("3")])

    assert report(result) == [("3", "acked", None)]
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
    with reading(third.home, needs=f"{log_files.FOLDER}/*"):
        log = pl.concat([pl.read_parquet(path) for path in log_files.files(third.home)])

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
