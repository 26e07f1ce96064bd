import sys
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


def published(sync: Sync, rows: list[Row], run: str = RUN) -> DeliveryResult:
    """A delivery as the I/O manager makes it."""
    with (
        figures(sync.policy.sync, sync.destination.name, run, pytest.fail) as told,
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


def test_without_a_collector_nothing_is_loaded(
    profiles: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)

    assert published(profiles, [profile("1", Name="Ada")]).counts.acked == 1


def test_without_the_extra_a_run_says_so_and_goes_on(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    told: list[str] = []

    with figures("customers", "sandbox", RUN, told.append) as nothing:
        nothing.beside(lambda _: None)

    assert told == [
        "OTEL_EXPORTER_OTLP_ENDPOINT names a collector, but OpenTelemetry is not installed: "
        "pip install 'ct-assets[otel]'"
    ]
    assert receiver.bodies == []
    monkeypatch.undo()


def test_a_collector_that_is_away_fails_no_delivery(
    profiles: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.2")

    assert published(profiles, [profile("1", Name="Ada")]).counts.acked == 1
