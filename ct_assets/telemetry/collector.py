"""Collector sends figures and spans to the OpenTelemetry collector that the environment names.

The variables are those of OpenTelemetry. Without OTEL_EXPORTER_OTLP_ENDPOINT nothing is sent.
"""

import contextlib
import os
import secrets
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ct_assets.telemetry import otlp_settings
from ct_assets.telemetry.instruments import LATENCY, Instrument
from ct_assets.telemetry.otlp_messages import Span, metrics_message, spans_message
from ct_assets.telemetry.series import Attributes, Series


def is_on(environ: Mapping[str, str] = os.environ) -> bool:
    return otlp_settings.is_on(environ)


class Collector:
    """For any number of threads. What cannot be sent is lost; no delivery fails for it."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Begin to send every minute, or as OTEL_METRIC_EXPORT_INTERVAL says."""
        from ct_assets.telemetry.otlp_exporter import OtlpExporter  # only if there is a collector

        self._settings = settings = otlp_settings.otlp_settings(environ)
        self._figures_to = OtlpExporter(settings.metrics) if settings.metrics else None
        self._spans_to = OtlpExporter(settings.traces) if settings.traces else None
        self._series = Series(deltas=settings.deltas)
        self._spans: list[Span] = []
        self._sending = threading.Lock()
        self._closed = threading.Event()
        # A daemon: what a process knows at its end, it has sent with `flush`.
        threading.Thread(target=self._send_often, name="telemetry", daemon=True).start()

    def add(self, instrument: Instrument, number: int, attributes: Attributes) -> None:
        self._series.add(instrument, number, attributes)

    def set(self, instrument: Instrument, value: float, attributes: Attributes) -> None:
        self._series.set(instrument, value, attributes)

    def answered(self, seconds: float, attributes: Attributes) -> None:
        """Counts a request that was answered after `seconds`."""
        self._series.time(LATENCY, seconds, attributes)

    @contextlib.contextmanager
    def span(self, name: str, run: str, attributes: Attributes) -> Iterator[None]:
        """A span of the trace that bears the id of the Dagster run.

        Of an error it says the class alone: texts of errors may quote rows.
        """
        began, trace, wrong = time.time_ns(), _trace(run), None
        try:
            yield
        except BaseException as error:
            wrong = type(error).__name__
            raise
        finally:
            if self._is_sent(trace):
                own = secrets.token_bytes(8)
                span = (name, trace, trace[8:], own, began, time.time_ns(), attributes, wrong)
                self._spans.append(Span(*span))

    def flush(self) -> str:
        """Sends what is known, for a process that may end now; says why it was not taken."""
        told = []
        with self._sending:
            told.append(self._send_figures())
            spans, self._spans = self._spans, []
            if spans and self._spans_to:
                message = spans_message(spans, self._settings.resource)
                told.append(self._spans_to.send(message))
        return next(filter(None, told), "")

    def close(self) -> None:
        self._closed.set()
        self.flush()

    def _send_often(self) -> None:
        while not self._closed.wait(self._settings.interval):
            with self._sending:
                self._send_figures()

    def _send_figures(self) -> str:
        taken = self._series.take()
        if self._figures_to is None or not taken.points:
            return ""
        resource = self._settings.resource
        message = metrics_message(taken, resource, deltas=self._series.deltas)
        return self._figures_to.send(message)

    def _is_sent(self, trace: bytes) -> bool:
        """By the rule of OpenTelemetry's sampler `traceidratio`."""
        share = self._settings.traced
        return self._spans_to is not None and int.from_bytes(trace[8:]) < share * 2**64


def collector() -> Collector | None:
    """That of this process, made when it is first asked for; None if the environment names none."""
    return _made(tuple(sorted(_variables().items()))) if is_on() else None


def _variables() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if name.startswith("OTEL_")}


@lru_cache(maxsize=1)
def _made(variables: tuple[tuple[str, str], ...]) -> Collector:
    return Collector(dict(variables))


def _trace(run: str) -> bytes:
    """All spans of a run are of one trace, in whichever processes its steps are."""
    try:
        return uuid.UUID(run).bytes
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_OID, run).bytes
