"""Collector sends figures and spans to the OpenTelemetry collector that the environment names.

The variables are those of OpenTelemetry. Without OTEL_EXPORTER_OTLP_ENDPOINT nothing is loaded.
"""

import contextlib
import os
import uuid
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from ct_assets.telemetry import instruments
from ct_assets.telemetry.instruments import Instrument

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, SpanContext

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
TEMPORALITY = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
TIMEOUT = "OTEL_EXPORTER_OTLP_TIMEOUT"
SECONDS = 3.0
"""For which a run waits for a collector that does not answer, where `TIMEOUT` does not say."""
MISSING = (
    f"{ENDPOINTS[0]} names a collector, but OpenTelemetry is not installed: "
    "pip install 'ct-assets[otel]'"
)

Attributes = Mapping[str, str | int | float]


def is_on(environ: Mapping[str, str] = os.environ) -> bool:
    off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return not off and any(environ.get(name) for name in ENDPOINTS)


class Collector:
    """For any number of threads. What cannot be sent is lost; no delivery fails for it."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Begin to send every minute, or as OTEL_METRIC_EXPORT_INTERVAL says.

        Raises:
            ImportError: The extra `otel` is not installed.
        """
        from opentelemetry.sdk.resources import Resource

        timeout = float(environ.get(TIMEOUT) or SECONDS)
        named = {} if environ.get("OTEL_SERVICE_NAME") else {"service.name": "ct_assets"}
        resource = Resource.create(named)
        self._meters = _meters(resource, environ, timeout)
        self._tracers = _tracers(resource, environ, timeout)
        meter = self._meters.get_meter("ct_assets")
        counted = (instruments.ROWS, instruments.DELIVERIES, instruments.WAITS)
        self._counters = {i: meter.create_counter(*i) for i in counted}
        levels = (instruments.WINDOW, instruments.SLOTS, instruments.LAG, instruments.AGE)
        self._gauges = {i: meter.create_gauge(*i) for i in levels}
        bounds = list(instruments.LATENCY_BOUNDS)
        self._latency = meter.create_histogram(
            *instruments.LATENCY, explicit_bucket_boundaries_advisory=bounds
        )

    def add(self, instrument: Instrument, number: int, attributes: Attributes) -> None:
        self._counters[instrument].add(number, attributes)

    def set(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        self._gauges[instrument].set(value, attributes)

    def answered(self, seconds: float, attributes: Attributes) -> None:
        """Counts a request that was answered after `seconds`."""
        self._latency.record(seconds, attributes)

    @contextlib.contextmanager
    def span(self, name: str, run: str, attributes: Attributes) -> Iterator["Span"]:
        """A span of the trace that bears the id of the Dagster run.

        Of an error it says the class alone: texts of errors may quote rows.
        """
        from opentelemetry import trace

        tracer = self._tracers.get_tracer("ct_assets")
        with tracer.start_as_current_span(
            name,
            context=trace.set_span_in_context(trace.NonRecordingSpan(_parent(run))),
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise

    def flush(self) -> None:
        """Sends what is known, for a process that may end now."""
        self._meters.force_flush()
        self._tracers.force_flush()

    def close(self) -> None:
        self._meters.shutdown()
        self._tracers.shutdown()


def collector() -> Collector | None:
    """That of this process, made when it is first asked for; None if the environment names none.

    Raises:
        ImportError: The extra `otel` is not installed.
    """
    return _made(tuple(sorted(_variables().items()))) if is_on() else None


def _variables() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name.startswith("OTEL_")}


@lru_cache(maxsize=1)
def _made(variables: tuple[tuple[str, str], ...]) -> Collector:
    return Collector(dict(variables))


def _meters(resource: "Resource", environ: Mapping[str, str], timeout: float) -> "MeterProvider":
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk import metrics
    from opentelemetry.sdk.metrics.export import AggregationTemporality as Temporality
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    # A run is a process of a few minutes: of a total that begins at 0 with each of them no change
    # would be seen.
    kinds: tuple[type, ...] = (metrics.Counter, metrics.Histogram)
    chosen = {} if environ.get(TEMPORALITY) else dict.fromkeys(kinds, Temporality.DELTA)
    exporter = OTLPMetricExporter(timeout=timeout, preferred_temporality=chosen)
    return metrics.MeterProvider([PeriodicExportingMetricReader(exporter)], resource)


def _tracers(resource: "Resource", environ: Mapping[str, str], timeout: float) -> "TracerProvider":
    from opentelemetry.sdk.trace import TracerProvider

    made = TracerProvider(resource=resource)
    metrics_alone = not environ.get(ENDPOINTS[0])
    if environ.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp" and not metrics_alone:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=timeout)))
    return made


def _parent(run: str) -> "SpanContext":
    """All spans of a run are of one trace, in whichever processes its steps are."""
    from opentelemetry.trace import SpanContext, TraceFlags

    try:
        number = uuid.UUID(run).int
    except ValueError:
        number = uuid.uuid5(uuid.NAMESPACE_OID, run).int
    return SpanContext(number, number & (2**64 - 1), is_remote=True, trace_flags=TraceFlags(1))
