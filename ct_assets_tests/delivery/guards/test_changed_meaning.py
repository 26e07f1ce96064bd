"""Declarations edited under one name, after which other people or events may be meant."""

from typing import Any

import pytest

from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.plan_report import plan
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets_tests.delivery.kit import Row, Sync, arrived, event, profile, report

pytestmark = pytest.mark.sampled(4)

ORDERS = {"source": "shop/order", "event": "Ordered", "identify_by": "identity: buyer"}
SAME = frozenset(["changed_meaning:same"])
NEW = frozenset(["changed_meaning:new"])
ORDERED: list[Row] = [event(f"{n}", identity=str(n), Total=n) for n in range(1, 5)]
RETURNED: list[Row] = [event(f"{n}", identity=str(n), Loss=n) for n in range(1, 5)]
PEOPLE: list[Row] = [profile(str(n), Name=f"Li {n}") for n in range(1, 5)]


def declare(sync: Sync, **changes: Any) -> None:
    """With these words in its meaning, as an edit of the declaration gives them."""
    sync.policy_with(meaning={**ORDERS, **sync.policy.meaning, **changes})


def said(sync: Sync, rows: list[Row], **options: Any) -> str:
    """What the guard says; nothing may arrive."""
    before = len(arrived(sync.sandbox))
    with pytest.raises(GuardError) as stopped:
        sync.run(rows, **options)
    assert len(arrived(sync.sandbox)) == before
    return str(stopped.value)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"source": "shop/return"}, "source was shop/order and is shop/return now"),
        ({"event": "Returned"}, "event was Ordered and is Returned now"),
        (
            {"source": "shop/return", "event": "Returned"},
            "source was shop/order and is shop/return now; event was Ordered and is Returned now",
        ),
        (
            {"origin": "returns.csv"},
            "the file or table of its source was orders.csv and is returns.csv now",
        ),
    ],
)
def test_other_events_under_the_same_keys_stop(
    events: Sync, setting: dict[str, str], words: str
) -> None:
    declare(events, origin="orders.csv")
    events.run(ORDERED)
    declare(events, **setting)

    assert said(events, RETURNED) == (
        f"purchases: {words}. 4 of its 4 events have keys that were sent before and count as sent, "
        "4 of them with other contents. Nothing was sent. If these are the events that were sent "
        "before, run once with allow: [changed_meaning] (ct-assets run purchases --allow "
        "changed_meaning): 0 of 4 would be sent. If they are others, with allow: "
        "[changed_meaning:new]: all 4 would be sent, and purchases forgets the 4 before them, "
        "which stay in CleverTap as they are. Or change it back, or give the sync a new name"
    )


@pytest.mark.parametrize("answer", ["changed_meaning", "changed_meaning:same"])
def test_the_same_events_are_not_sent_again(events: Sync, answer: str) -> None:
    declare(events)
    events.run(ORDERED)
    declare(events, event="Returned")

    result = events.run([*RETURNED, event("5", Loss=5)], allow=frozenset([answer]))

    assert report(result) == [("5", "acked", None)]
    assert events.run(RETURNED).counts.unchanged == 4


def test_other_events_are_all_sent(events: Sync) -> None:
    declare(events)
    events.run(ORDERED)
    declare(events, event="Returned")

    assert events.run(RETURNED, allow=NEW).counts.acked == 4
    assert events.run(RETURNED).counts.unchanged == 4
    assert len(arrived(events.sandbox)) == 8


@pytest.mark.parametrize(
    ("setting", "rows"),
    [
        pytest.param({"source": "files/order"}, ORDERED, id="a source that was moved"),
        pytest.param({"origin": "2026.csv"}, ORDERED, id="a file that was moved"),
        pytest.param({"origin": "2.csv"}, [event("9", Total=9)], id="the next file"),
        pytest.param({"event": "column kind"}, ORDERED, id="the same name from a column"),
        pytest.param({"identify_by": "identity: b"}, ORDERED, id="a renamed column"),
        pytest.param({"source": "files/order"}, ORDERED[:2], id="and fewer rows"),
        pytest.param(
            {"source": "files/order"}, [*ORDERED, event("9", Total=9)], id="and more rows"
        ),
    ],
)
def test_what_shows_to_be_the_same_stops_nobody(
    events: Sync, setting: dict[str, str], rows: list[Row]
) -> None:
    declare(events, origin="1.csv")
    events.run(ORDERED)
    declare(events, **setting)

    assert events.run(rows).counts.new == sum(row["_key"] == "9" for row in rows)
    events.policy_with(declaration="d2")  # and what it says now is what it is compared with
    assert events.run(ORDERED).counts.new == 0


def test_events_for_other_people_stop(events: Sync) -> None:
    declare(events)
    events.run(ORDERED)
    declare(events, identify_by="identity: payer")
    paid = [event(row["_key"], identity=f"payer {row['_key']}", Total=1) for row in ORDERED]

    assert "4 of them for another person" in said(events, paid)


def test_a_source_whose_keys_are_all_others_stops(events: Sync) -> None:
    declare(events)
    events.run(ORDERED)
    declare(events, source="shop/order_2")

    told = said(events, [event(f"o-{n}", Total=n) for n in range(3)])

    assert "None of its 3 events has a key that was sent before" in told


def test_event_keys_that_were_renamed_know_their_events(events: Sync) -> None:
    declare(events)
    events.run(ORDERED)
    events.policy_with(event_key="number")
    renamed = [{**row, "_key": f"n{row['_key']}"} for row in ORDERED]

    told = said(events, [*renamed, event("n9", Total=9)])
    result = events.run([*renamed, event("n9", Total=9)], allow=SAME)

    assert "None of its 5 events has a key that was sent before; 4 were sent under another" in told
    assert "1 of 5 would be sent" in told
    assert report(result) == [("n9", "acked", None)]
    assert events.run(renamed).counts.unchanged == 4


def test_event_keys_that_were_exchanged_know_their_events(events: Sync) -> None:
    """Numbers of orders become numbers of invoices, of which there are the same."""
    declare(events)
    events.run([event("1", Total=1), event("2", Total=2), event("3", Total=3)])
    events.policy_with(event_key="invoice")
    rows = [event("2", Total=1), event("1", Total=2), event("3", Total=4)]

    assert "1 of 3 would be sent" in said(events, rows)
    assert report(events.run(rows, allow=SAME)) == [("3", "acked", None)]


def test_a_column_of_the_same_keys_stops_nobody(events: Sync) -> None:
    events.run(ORDERED)
    events.policy_with(event_key="invoice_id")

    assert events.run(ORDERED).counts.unchanged == 4


def test_people_under_other_identities_stop(profiles: Sync) -> None:
    declare(profiles, identify_by="identity: id")
    profiles.run(PEOPLE)
    declare(profiles, identify_by="identity: email")
    mailed = [profile(f"li{n}@x.org", Name=f"Li {n}") for n in range(1, 5)]

    told = said(profiles, mailed)

    assert "None of its 4 profiles has a key that was sent before" in told
    assert "4 of 4 would be sent, and the 4 profiles of the old identifiers stay in" in told
    assert profiles.run(mailed, allow=SAME).counts.new == 4


@pytest.mark.parametrize(("answer", "removed"), [(SAME, 3), (NEW, 0)])
def test_what_stays_behind_is_the_syncs_own_only_if_the_people_are_the_same(
    profiles: Sync, answer: frozenset[str], removed: int
) -> None:
    declare(profiles, identify_by="identity: id")
    profiles.policy_with(on_removed="delete")
    profiles.run(PEOPLE[:3])
    declare(profiles, identify_by="identity: email")

    result = profiles.run([profile("li@x.org", Name="Li 1")], allow=answer)

    assert result.counts.removals.acked == removed


def test_a_further_identifier_is_no_other_person(profiles: Sync) -> None:
    declare(profiles, identify_by="identity: id")
    profiles.run(PEOPLE)
    declare(profiles, identify_by="identity: id, objectId: device")

    rows = [profile(str(n), also=[f"objectId:d{n}"], Name=f"Li {n}") for n in range(1, 5)]
    assert profiles.run(rows).counts.unchanged == 4


def test_a_sync_of_people_that_turns_into_one_of_events_stops(profiles: Sync) -> None:
    profiles.run(PEOPLE)
    profiles.policy_with(object="event", event_key="id")

    assert "object was profile and is event now" in said(profiles, [event("1")])


def test_names_that_were_exchanged_stop_both(events: Sync) -> None:
    returns = Sync(events.folder, events.policy, events.sandbox)
    both = {"neighbours": frozenset(["purchases", "returns"])}
    returns.policy_with(sync="returns", **both)
    returns.home, returns.runs = events.home.with_name("returns"), 10
    events.policy_with(**both)
    declare(events)
    declare(returns, source="shop/return", event="Returned")
    events.run(ORDERED)
    returns.run([event(f"r{n}", Loss=n) for n in range(3)])
    declare(events, source="shop/return", event="Returned")
    declare(returns, source="shop/order", event="Ordered")

    assert "returns sent just these: were the names exchanged?" in said(
        events, [event(f"r{n}", Loss=n) for n in range(3)]
    )
    assert "purchases sent just these: were the names exchanged?" in said(returns, ORDERED)


def test_a_state_that_knows_no_meaning_takes_it_from_its_first_delivery(events: Sync) -> None:
    events.run(ORDERED)
    declare(events, source="shop/return")

    assert events.run(RETURNED).counts.unchanged == 4

    declare(events, source="shop/order")
    assert "source was shop/return" in said(events, [event("1", Third=1)])


def test_a_run_without_rows_answers_nothing(events: Sync) -> None:
    declare(events)
    events.run(ORDERED)
    declare(events, event="Returned")

    events.run([])

    assert "event was Ordered" in said(events, RETURNED)


def test_nothing_parked_is_forgotten(events: Sync) -> None:
    events.policy_with(on_unknown="park")
    declare(events)
    events.run(ORDERED)
    with SyncState.open(events.home, events.policy) as state, state.database() as connection:
        connection.execute("insert into held (kind, key, reason) values ('event', 'x', 'parked')")
    declare(events, event="Returned")

    assert "1 of its events are parked" in said(events, RETURNED, allow=NEW)


def test_what_was_held_at_the_first_run_is_not_taken_for_other_events(events: Sync) -> None:
    events.policy_with(first_run="from_now")
    declare(events)
    events.run(ORDERED)
    declare(events, source="shop/return")

    assert "4 of them with other contents" in said(events, RETURNED)
    assert events.run(ORDERED).counts.held == {"before_from_now": 4}


def test_a_plan_says_what_a_run_would(events: Sync) -> None:
    declare(events)
    events.run(ORDERED)
    declare(events, event="Returned")

    found = plan(events.request(RETURNED))

    assert found.objection == said(events, RETURNED)


def test_the_state_keeps_the_meaning_in_words(events: Sync) -> None:
    declare(events)
    events.run(ORDERED)

    with SyncState.open(events.home, events.policy) as state, state.database() as connection:
        assert state_database.get(connection, "meaning:event") == "Ordered"
        assert state_database.get(connection, "event_key") == "InvoiceId"
