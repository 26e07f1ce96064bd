import threading
import time
from contextlib import ExitStack

import pytest

from ct_assets.store.postgres.shared_slots import SharedSlots
from ct_assets.store.store_settings import StoreSettings
from ct_assets_tests.store.databases import end_sessions, run

NEVER = threading.Event()


def free(slots: SharedSlots, most: int) -> int:
    """How many slots can be had at once by somebody who does not wait for them."""
    with ExitStack() as held:
        for number in range(most):
            stop = threading.Event()
            timer = threading.Timer(1.5, stop.set)
            timer.start()
            if not held.enter_context(slots.slot(stop)):
                return number
            timer.cancel()
    return most


def test_hosts_share_the_slots_of_an_account(shared: StoreSettings) -> None:
    here, there = (SharedSlots(shared, "a", "upload", 5) for _ in range(2))
    with ExitStack() as held:
        for _ in range(3):
            assert held.enter_context(here.slot(NEVER))

        assert free(there, 5) == 2
        assert free(here, 5) == 2
        assert free(SharedSlots(shared, "a", "other", 5), 5) == 5
        assert free(SharedSlots(shared, "b", "upload", 5), 5) == 5
    assert free(there, 5) == 5


def test_slots_of_a_host_that_is_gone_are_free(shared: StoreSettings) -> None:
    dead = SharedSlots(shared, "a", "upload", 2)
    with dead.slot(NEVER), dead.slot(NEVER):
        end_sessions(shared)

        assert free(SharedSlots(shared, "a", "upload", 2), 2) == 2


def test_a_lost_session_has_its_requests_in_flight_counted_again(shared: StoreSettings) -> None:
    slots = SharedSlots(shared, "a", "upload", 3)
    with slots.slot(NEVER), slots.slot(NEVER):
        end_sessions(shared)
        with slots.slot(NEVER):
            assert free(SharedSlots(shared, "a", "upload", 3), 3) == 0
    assert free(SharedSlots(shared, "a", "upload", 3), 3) == 3


def test_nothing_leaves_while_others_have_the_slot_of_a_request_in_flight(
    shared: StoreSettings,
) -> None:
    slots, others = (SharedSlots(shared, "a", "upload", 3) for _ in range(2))
    with ExitStack() as lost:
        lost.enter_context(slots.slot(NEVER))
        end_sessions(shared)
        with others.slot(NEVER):  # the same number
            assert free(slots, 1) == 0
            lost.close()
            assert free(slots, 1) == 1


def test_a_slot_that_was_lost_is_not_held(shared: StoreSettings) -> None:
    slots, others = (SharedSlots(shared, "a", "upload", 3) for _ in range(2))
    with slots.slot(NEVER):
        assert slots.are_held()
        assert slots._session
        slots._session._lease = 0.0  # so that it looks at the server each time
        end_sessions(shared)

        assert not slots.are_held()
        with others.slot(NEVER):
            assert free(slots, 1) == 0
            assert not slots.are_held()
    with slots.slot(NEVER):
        assert slots.are_held()


def test_it_gives_up_when_it_is_to_stop(shared: StoreSettings) -> None:
    slots, stop = SharedSlots(shared, "a", "upload", 1), threading.Event()
    with slots.slot(NEVER):
        threading.Timer(0.2, stop.set).start()
        with slots.slot(stop) as held:
            assert not held


def test_many_threads_of_two_hosts_never_hold_more(shared: StoreSettings) -> None:
    hosts = [SharedSlots(shared, "a", "upload", 4) for _ in range(2)]
    lock, holding, most, turns = threading.Lock(), 0, 0, [0, 0]

    def send(host: int) -> None:
        nonlocal holding, most
        for _ in range(10):
            with hosts[host].slot(NEVER):
                with lock:
                    holding += 1
                    most = max(most, holding)
                    turns[host] += 1
                time.sleep(0.002)
                with lock:
                    holding -= 1

    threads = [threading.Thread(target=send, args=(n % 2,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 4
    assert turns == [60, 60]


def test_a_session_that_holds_nothing_is_closed(
    shared: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CT_LEASE_SECONDS", "1")
    slots = SharedSlots(shared, "a", "upload", 1)
    with slots.slot(NEVER):
        pass

    until = time.monotonic() + 20
    query = "select 1 from pg_stat_activity where application_name like 'ct-assets%%'"
    while run(shared, query) and time.monotonic() < until:
        threading.Event().wait(0.05)

    assert run(shared, query) == []
    assert free(slots, 1) == 1
