"""Syncs whose account is another one, or is only spelled otherwise."""

from ct_assets_tests.delivery.guards.test_changed_meaning import ORDERED, declare, said
from ct_assets_tests.delivery.kit import Sync


def test_another_account_is_asked_about_once(events: Sync) -> None:
    eu = Sync(events.folder, events.policy, events.sandbox)
    eu.home, eu.runs = events.home.parents[1] / "eu1-A" / "purchases", 10
    us = Sync(events.folder, events.policy, events.sandbox)
    us.home, us.runs = events.home.parents[1] / "us1-B" / "purchases", 20
    declare(events, destination="")
    declare(eu, destination="eu")
    declare(us, destination="us")
    events.run(ORDERED)
    eu.run(ORDERED)

    assert said(us, ORDERED) == (
        "purchases: destination was eu and is us now. What was sent to eu1-A stays there, and all "
        "rows would be sent to us1-B, as new ones. Nothing was sent. Change it back, or if that is "
        "meant, run once with allow: [changed_meaning] (ct-assets run purchases --allow "
        "changed_meaning)"
    )
    assert us.run(ORDERED, allow=frozenset(["changed_meaning"])).counts.acked == 4
    assert us.run(ORDERED).counts.unchanged == 4
    assert eu.run(ORDERED).counts.unchanged == 4


def test_events_are_not_sent_again_to_an_account_that_is_spelled_otherwise(events: Sync) -> None:
    before = Sync(events.folder, events.policy, events.sandbox)
    before.home, before.runs = events.home.parents[1] / "127.0.0.1_80-A" / "purchases", 10
    now = Sync(events.folder, events.policy, events.sandbox)
    now.home, now.runs = events.home.parents[1] / "localhost_80-a" / "purchases", 20
    for each in (before, now):
        declare(each, destination="")
    before.run(ORDERED)

    assert said(now, ORDERED) == (
        "purchases: localhost_80-a is the account that was 127.0.0.1_80-A before, spelled "
        "otherwise, and all that was sent there would be sent once more. Nothing was sent. Spell "
        "the account's id and its region or URL as before, or if these are two, run once with "
        "allow: [changed_meaning] (ct-assets run purchases --allow changed_meaning)"
    )
    assert len(events.sandbox.events()) == 4
    assert now.run(ORDERED, allow=frozenset(["changed_meaning"])).counts.acked == 4
