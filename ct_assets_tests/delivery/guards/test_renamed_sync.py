"""A sync whose records count twice, under a new name."""

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from ct_assets.delivery import outbox
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.plan_report import plan
from ct_assets.delivery.state.sync_files import LEDGER, OUTBOX, STATE
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.errors import UserError
from ct_assets_tests.delivery.diff.test_aliases import make_old
from ct_assets_tests.delivery.kit import Row, Sync, arrived, event, profile, report

pytestmark = pytest.mark.sampled(3)

RENAMED = frozenset(["renamed:purchases"])


def renamed(sync: Sync, name: str = "orders") -> Sync:
    other = Sync(sync.folder, sync.policy, sync.sandbox)
    other.policy_with(sync=name)
    other.home = sync.home.with_name(name)
    other.runs = sync.runs + 10  # both write to one folder
    return other


def killed_while_sending(sync: Sync, rows: list[Row]) -> None:
    """Nobody knows whether CleverTap has the rows."""
    sync.plan_only(sync.request(rows))
    delivery = outbox.origin(sync.home / OUTBOX).delivery
    with LedgerFile(sync.home, durable=True) as ledger:
        ledger.record(delivery, 0, range(len(rows)), "sent")


def test_a_renamed_event_sync_stops_until_someone_says_what_it_is(events: Sync) -> None:
    events.run([event("1"), event("2")])
    orders = renamed(events)

    with pytest.raises(
        UserError, match="2 of its events were sent by purchases, under the same keys"
    ):
        orders.run([event("1"), event("2"), event("3")])
    taken = orders.run([event("1"), event("2"), event("3")], allow=RENAMED)

    assert report(taken) == [("3", "acked", None)]


def test_profiles_that_count_up_are_not_sent_again_under_a_new_name(profiles: Sync) -> None:
    profiles.policy_with(idempotent=False)
    rows = [profile("1", Visits=1), profile("2", Visits=2)]
    profiles.run(rows)
    people = renamed(profiles, "people")

    with pytest.raises(UserError, match=r"2 of its profiles were sent by customers.*--allow"):
        people.run(rows)
    taken = people.run([*rows, profile("3", Visits=1)], allow=frozenset(["renamed:customers"]))

    assert report(taken) == [("3", "acked", None)]
    assert people.run(rows).counts.unchanged == 2


def test_other_events_with_the_same_keys_may_be_new(events: Sync) -> None:
    events.run([event("1")])

    assert renamed(events).run([event("1")], allow=frozenset(["new"])).counts.acked == 1


def test_a_neighbour_that_is_still_declared_is_no_old_name(events: Sync) -> None:
    events.run([event("1")])
    orders = renamed(events)
    orders.policy_with(neighbours=frozenset(["purchases"]))

    assert orders.run([event("1")]).counts.acked == 1


def test_what_turns_up_after_the_first_run_is_noticed(events: Sync) -> None:
    events.run([event("1"), event("2")], partition="2026-01")
    orders = renamed(events)
    orders.run([event("3")], partition="2026-02")

    with pytest.raises(GuardError, match="1 of its events were sent by purchases"):
        orders.run([event("1")], partition="2026-01")
    taken = orders.run([event("1"), event("4")], partition="2026-01", allow=RENAMED)

    assert report(taken) == [("4", "acked", None)]
    assert orders.run([event("2")], partition="2026-01").counts.unchanged == 1


def test_an_answer_is_kept(events: Sync) -> None:
    events.run([event("1"), event("2")])
    orders = renamed(events)
    orders.run([event("3")], allow=frozenset(["new"]))

    assert orders.run([event("1"), event("2")]).counts.acked == 2


def test_a_sync_that_was_renamed_twice_is_asked_about_once(events: Sync) -> None:
    events.run([event("1")])
    orders = renamed(events)
    orders.run([event("2")], allow=RENAMED)
    sales = renamed(orders, "sales")

    taken = sales.run([event("1"), event("2")], allow=frozenset(["renamed:orders"]))

    assert taken.counts.unchanged == 2


def test_fields_that_stood_elsewhere_are_found_again(profiles: Sync) -> None:
    profiles.policy_with(idempotent=False)
    profiles.run([profile("1", Visits=1, City="Bern")])
    people = renamed(profiles, "people")
    people.run([profile("2", Name="Zoe", Visits=1)])

    people.run(
        [profile("1", Name=None, Visits=2, City=None, clear=["City", "Name"])],
        allow=frozenset(["renamed:customers"]),
    )

    sent = arrived(profiles.sandbox)[-1]["profileData"]
    assert sent == {"Visits": 2, "City": {"$delete": 1}}


def test_a_state_of_an_older_version_is_taken_over(events: Sync) -> None:
    events.run([event("1")])
    make_old(events.home)

    assert renamed(events).run([event("1")], allow=RENAMED).counts.unchanged == 1


@pytest.mark.parametrize("damage", ["held open", "unreadable", "busy"])
def test_nothing_is_sent_while_the_other_state_cannot_be_read(events: Sync, damage: str) -> None:
    events.run([event("1")])
    orders = renamed(events)
    request = orders.request([event("1")], patience=timedelta(0))
    with contextlib.ExitStack() as stack:
        if damage == "held open":
            stack.enter_context(_open_elsewhere(events.home / STATE))
        elif damage == "unreadable":
            (events.home / STATE).write_bytes(b"nonsense" * 1000)
        else:
            stack.enter_context(locked(events.home))

        with pytest.raises(GuardError, match=r"nobody can tell whether .* allow: \[new\]"):
            orders.send(request)

    assert len(arrived(events.sandbox)) == 1


@contextlib.contextmanager
def _open_elsewhere(path: Path) -> Iterator[None]:
    code = f"import duckdb; c = duckdb.connect({str(path)!r}); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        yield
        process.kill()


def test_what_is_parked_under_the_old_name_is_not_sent_under_the_new(events: Sync) -> None:
    events.policy_with(on_unknown="park")
    killed_while_sending(events, [event("1")])
    orders = renamed(events)
    orders.policy_with(on_unknown="resend")

    with pytest.raises(GuardError, match="held back by it"):
        orders.run([event("1")])

    assert events.run([event("1")]).counts.held == {"parked": 1}
    assert orders.run([event("1")], allow=RENAMED).counts.held == {"parked": 1}
    assert arrived(events.sandbox) == []


def test_what_another_kind_of_sync_left_open_is_settled_as_its_own(
    events: Sync, profiles: Sync
) -> None:
    profiles.run([profile("1", Name="Ada")])
    killed_while_sending(profiles, [profile("1", Name="Zoe")])
    events.runs = 10

    events.run([event("1")])

    assert not (profiles.home / OUTBOX).exists()
    assert profiles.run([profile("1", Name="Ada")]).counts.changed == 1


def test_what_an_older_version_left_open_is_parked(events: Sync) -> None:
    killed_while_sending(events, [event("1")])
    left = events.home / OUTBOX
    kept = pl.read_parquet_metadata(left)
    known = {name: kept[name] for name in ("delivery", "run", "declaration", "partition")}
    pl.read_parquet(left).write_parquet(left, metadata=known)
    with contextlib.closing(sqlite3.connect(events.home / LEDGER)) as ledger, ledger:
        ledger.execute("update deliveries set outbox = null")
        ledger.execute("update sends set checksum = null")

    with pytest.raises(GuardError, match="1 of its events"):
        renamed(events).run([event("1")])


def test_a_plan_says_so_and_leaves_alone_what_was_left_open(events: Sync) -> None:
    events.run_until_fold([event("1")])
    before = {p: p.read_bytes() for p in events.home.rglob("*") if p.is_file()}

    found = plan(renamed(events).request([event("1")]))

    assert "1 of its events were sent by purchases" in (found.objection or "")
    assert {p: p.read_bytes() for p in events.home.rglob("*") if p.is_file()} == before


def test_a_key_is_not_taken_for_allowed_by_a_run_that_was_stopped(events: Sync) -> None:
    orders = renamed(events)
    orders.policy_with(event_key="OrderId")
    orders.run([event("o1")])
    events.run([event("1")])
    orders.policy_with(event_key="InvoiceId")
    with pytest.raises(GuardError, match="sent by purchases"):
        orders.run([event("1")], allow=frozenset(["event_key"]))

    with pytest.raises(GuardError, match="event_key was OrderId"):
        orders.run([event("1")], allow=RENAMED)
