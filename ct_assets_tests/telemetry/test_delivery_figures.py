import subprocess
import sys
from collections.abc import Callable
from random import Random

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.delivery import DeliveryFailed, DeliveryResult, deliver
from ct_assets.sandbox.faults import Plan
from ct_assets.telemetry import instruments
from ct_assets.telemetry.delivery_figures import figures
from ct_assets_tests.delivery.kit import IMPATIENT, Row, Sync, profile
from ct_assets_tests.telemetry.receiver import Receiver

RUN = "0f6d3a52-1c4e-4b8f-9d26-7a5b3c1e8f90"


def published(
    sync: Sync, rows: list[Row], run: str = RUN, tell: Callable[[str], object] = pytest.fail
) -> DeliveryResult:
    """A delivery as the I/O manager makes it."""
    with (
        figures(sync.policy.sync, sync.destination.name, run, tell) as told,
        Client(sync.destination) as client,
    ):
        result = deliver(
            sync.request(rows),
            client,
            rng=Random(7),
            retry=IMPATIENT,
            progress=told.beside(lambda _: None),
        )
        told.ended(result)
    return result


def test_the_figures_of_deliveries_are_their_accounts(profiles: Sync, receiver: Receiver) -> None:
    published(profiles, [profile("1", Name="Ada"), profile("2", Email="nobody")])
    profiles.sandbox.faults.script("429")
    published(profiles, [profile("1", Name="Ada"), profile("3", Name="Zoë")])

    assert receiver.sums("ct_assets.rows", "outcome") == {
        "rejected": 0,
        "unchanged": 1,
        "held": 0,
        "acked": 2,
        "refused": 1,
        "unknown": 0,
        "unsent": 0,
    }
    assert receiver.sums("ct_assets.waits", "sync") == {"customers": 1}
    assert receiver.sums("ct_assets.deliveries", "result") == {"ended": 2}
    answered = [point for name, _, point in receiver.points if name == "ct_assets.request.duration"]
    assert sum(point.count for point in answered) == 3
    assert list(answered[0].explicit_bounds) == list(instruments.LATENCY_BOUNDS)
    levels = {
        n: p.as_int for n, _, p in receiver.points if n in ("ct_assets.window", "ct_assets.slots")
    }
    assert (levels["ct_assets.window"], levels["ct_assets.slots"]) == (10, 0)
    to = profiles.destination.name
    assert {each["destination"] for _, each, _ in receiver.points if "sync" in each} == {to}


def test_the_spans_of_a_run_are_one_trace(profiles: Sync, receiver: Receiver) -> None:
    published(profiles, [profile("1", Name="Ada")])
    published(profiles, [profile("2", Name="Zoë")])

    assert [(s.name, s.trace_id.hex()) for s in receiver.spans] == [
        ("deliver customers", RUN.replace("-", "")),
        ("deliver customers", RUN.replace("-", "")),
    ]


def test_a_delivery_that_fails_is_told_without_its_words(
    profiles: Sync, receiver: Receiver
) -> None:
    profiles.sandbox.faults.replace(Plan(rates={"503": 1.0}))

    with pytest.raises(DeliveryFailed):
        published(profiles, [profile("1", Name="Ada")])

    assert receiver.sums("ct_assets.deliveries", "result") == {"failed": 1}
    (span,) = receiver.spans
    assert (span.status.message, list(span.events)) == ("DeliveryFailed", [])


def test_no_value_of_a_row_is_in_what_is_sent(profiles: Sync, receiver: Receiver) -> None:
    canary = "canary-1815@example.org"
    published(profiles, [profile(canary, Name=canary), profile("2", Email=canary[:10])])

    assert len(receiver.bodies) >= 2
    assert not [path for path, body in receiver.bodies if b"canary" in body]


def test_without_a_collector_nothing_is_sent(
    profiles: Sync, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT")

    assert published(profiles, [profile("1", Name="Ada")]).counts.acked == 1
    assert receiver.bodies == []


def test_a_collector_that_is_away_fails_no_delivery(
    profiles: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")
    told: list[str] = []

    assert published(profiles, [profile("1", Name="Ada")], tell=told.append).counts.acked == 1

    lost = "the figures of this run are lost: 127.0.0.1 cannot be reached (ConnectError)"
    assert told == [lost]


LOADED = """
import sys
from ct_assets.clevertap import client
before = set(sys.modules)
from ct_assets.telemetry.collector import Collector
Collector({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}).flush()
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - set(sys.stdlib_module_names)))
"""


def test_no_package_of_others_is_loaded_for_it() -> None:
    """OpenTelemetry's SDK takes a second of CPU, of ten that a million rows take."""
    command = [sys.executable, "-c", LOADED]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["ct_assets"]
