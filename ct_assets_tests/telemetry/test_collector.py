"""What the variables of OpenTelemetry change in what a collector receives."""

import contextlib
import threading
from collections.abc import Iterator

import pytest

from ct_assets.telemetry.collector import Collector
from ct_assets.telemetry.instruments import DELIVERIES, ROWS, WINDOW
from ct_assets_tests.telemetry.receiver import Receiver, receiving

RUN = "0f6d3a52-1c4e-4b8f-9d26-7a5b3c1e8f90"
NAMES = {"sync": "customers"}
NO_ADDRESS = "its endpoint, or a header, is none; write http://collector:4318"


@pytest.fixture(scope="module")
def shared() -> Iterator[Receiver]:
    with receiving() as received:
        yield received


@pytest.fixture
def received(shared: Receiver) -> Receiver:
    for kept in (shared.bodies, shared.headers, shared.answers):
        kept.clear()
    return shared


@contextlib.contextmanager
def collecting(received: Receiver, **variables: str) -> Iterator[Collector]:
    named = {f"OTEL_{name}": text for name, text in variables.items()}
    made = Collector({"OTEL_EXPORTER_OTLP_ENDPOINT": received.url, **named})
    yield made
    made.close()


def numbers(received: Receiver, name: str) -> list[int]:
    return [point.as_int for found, _, point in received.points if found == name]


def test_counters_go_as_what_was_counted_since_they_went_last(received: Receiver) -> None:
    with collecting(received) as to:
        for rows in (3, 4):
            to.add(ROWS, rows, NAMES)
            to.set(WINDOW, 15, NAMES)
            assert to.flush() == ""
        assert to.flush() == ""

    first, second = (point for name, _, point in received.points if name == "ct_assets.rows")
    assert (first.as_int, second.as_int) == (3, 4)
    assert first.start_time_unix_nano < first.time_unix_nano == second.start_time_unix_nano
    assert numbers(received, "ct_assets.window") == [15, 15]
    assert len(received.bodies) == 2


def test_counters_go_as_totals_where_that_is_preferred(received: Receiver) -> None:
    preferred = {"EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "Cumulative"}
    with collecting(received, **preferred) as to:
        for rows in (3, 4):
            to.add(ROWS, rows, NAMES)
            to.answered(0.1, NAMES)
            to.flush()

    assert numbers(received, "ct_assets.rows")[:2] == [3, 7]
    times = [point for name, _, point in received.points if name == "ct_assets.request.duration"]
    assert [(point.count, point.bucket_counts[1]) for point in times[:2]] == [(1, 1), (2, 2)]
    assert (times[1].min, times[1].max) == (0.1, 0.1)


@pytest.mark.parametrize(
    ("variables", "resource"),
    [
        ({}, {"service.name": "ct_assets"}),
        ({"SERVICE_NAME": "shop"}, {"service.name": "shop"}),
        (
            {"RESOURCE_ATTRIBUTES": "team=data%20eng, nothing ,deployment.environment=live"},
            {
                "service.name": "ct_assets",
                "team": "data eng",
                "deployment.environment": "live",
            },
        ),
        ({"RESOURCE_ATTRIBUTES": "service.name=a"}, {"service.name": "a"}),
        ({"RESOURCE_ATTRIBUTES": "service.name=a", "SERVICE_NAME": "b"}, {"service.name": "b"}),
    ],
)
def test_who_sends(received: Receiver, variables: dict[str, str], resource: dict[str, str]) -> None:
    with collecting(received, **variables) as to:
        to.add(ROWS, 1, NAMES)

    assert received.resources() == [resource]


@pytest.mark.parametrize(
    ("variables", "header", "text"),
    [
        ({}, "Content-Type", "application/x-protobuf"),
        ({"EXPORTER_OTLP_HEADERS": "x-key=a%3Db,y=2"}, "X-Key", "a=b"),
        (
            {"EXPORTER_OTLP_HEADERS": "x-key=1", "EXPORTER_OTLP_METRICS_HEADERS": "x-key=2"},
            "X-Key",
            "2",
        ),
        ({"EXPORTER_OTLP_COMPRESSION": "gzip"}, "Content-Encoding", "gzip"),
        ({"EXPORTER_OTLP_METRICS_COMPRESSION": "deflate"}, "Content-Encoding", "deflate"),
    ],
)
def test_headers(received: Receiver, variables: dict[str, str], header: str, text: str) -> None:
    with collecting(received, **variables) as to:
        to.add(ROWS, 5, NAMES)

    (headers,) = received.headers
    assert {name.title(): value for name, value in headers.items()}[header] == text
    assert numbers(received, "ct_assets.rows") == [5]


def test_each_signal_has_its_own_address(received: Receiver) -> None:
    own = {"EXPORTER_OTLP_METRICS_ENDPOINT": f"{received.url}/otlp/metrics"}
    with collecting(received, **own) as to, to.span("deliver", RUN, NAMES):
        to.add(ROWS, 1, NAMES)

    assert [path for path, _ in received.bodies] == ["/otlp/metrics", "/v1/traces"]


@pytest.mark.parametrize(
    ("variables", "spans"),
    [
        ({}, 1),
        ({"TRACES_EXPORTER": "none"}, 0),
        ({"TRACES_SAMPLER": "always_off"}, 0),
        ({"TRACES_SAMPLER": "parentbased_always_off"}, 1),
        ({"TRACES_SAMPLER": "traceidratio", "TRACES_SAMPLER_ARG": "0.5"}, 0),
        ({"TRACES_SAMPLER": "traceidratio", "TRACES_SAMPLER_ARG": "0.7"}, 1),
    ],
)
def test_which_traces_are_sent(received: Receiver, variables: dict[str, str], spans: int) -> None:
    with collecting(received, **variables) as to, to.span("deliver", RUN, NAMES):
        pass

    assert len(received.spans) == spans


def test_figures_are_sent_while_a_delivery_is_under_way(received: Receiver) -> None:
    with collecting(received, METRIC_EXPORT_INTERVAL="20") as to:
        to.add(DELIVERIES, 1, NAMES)
        until = threading.Event()
        for _ in range(200):
            if received.bodies:
                break
            until.wait(0.02)
        assert numbers(received, "ct_assets.deliveries") == [1]


@pytest.mark.parametrize(
    ("answers", "told", "taken"),
    [
        ([(503, {"Retry-After": "0"}), (429, {"Retry-After": "0"})], "", 1),
        ([(400, {})], "127.0.0.1 answers HTTP 400", 0),
        ([(503, {"Retry-After": "100"})], "127.0.0.1 answers HTTP 503", 0),
    ],
)
def test_a_collector_that_does_not_take_it(
    received: Receiver, answers: list[tuple[int, dict[str, str]]], told: str, taken: int
) -> None:
    with collecting(received) as to:
        received.answers[:] = answers
        to.add(ROWS, 1, NAMES)

        assert to.flush() == told

    assert len(received.bodies) == taken


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ENDPOINT": "collector:4317"}, NO_ADDRESS),
        ({"ENDPOINT": "http://[canary"}, NO_ADDRESS),
        ({"HEADERS": "x-key=%E2%82%AC"}, NO_ADDRESS),
        ({"TIMEOUT": "soon"}, ""),
        (
            {"ENDPOINT": "https://127.0.0.1:9", "CERTIFICATE": "/canary.pem"},
            "its certificates cannot be read (FileNotFoundError)",
        ),
    ],
)
def test_settings_that_cannot_be_used_are_told(
    received: Receiver, variables: dict[str, str], told: str
) -> None:
    named = {f"EXPORTER_OTLP_{name}": text for name, text in variables.items()}
    with collecting(received, **named) as to:
        to.add(ROWS, 1, NAMES)

        assert to.flush() == told
