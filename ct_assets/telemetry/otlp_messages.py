"""OtlpMessages are figures and spans as OTLP has them, in protobuf.

Numbers of fields are those of github.com/open-telemetry/opentelemetry-proto, which never change.
OpenTelemetry's SDK is not used: loading it takes a second of CPU, of ten that a million rows take.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ct_assets.telemetry.instruments import LATENCY_BOUNDS, Instrument
from ct_assets.telemetry.otlp_settings import SCOPE
from ct_assets.telemetry.protobuf import (
    all_doubles,
    all_fixed64,
    double,
    fixed32,
    fixed64,
    message,
    number,
    text,
)
from ct_assets.telemetry.series import Attributes, Labels, Point, Taken, Times

DELTA, CUMULATIVE = 1, 2
INTERNAL = 1
"""A kind of spans."""
ERROR = 2
"""A status of spans."""
OF_REMOTE_PARENT = 0x300
FIELDS = {"gauge": 5, "counter": 7, "histogram": 9}
"""Of a metric, by kind."""


class Span(NamedTuple):
    """A piece of work that is over."""

    name: str
    trace: bytes
    """16 bytes."""
    parent: bytes
    """8 bytes, as has `own`."""
    own: bytes
    began: int
    """Nanoseconds of the clock."""
    ended: int
    attributes: Attributes
    error: str | None
    """The class of the error with which it ended."""


def metrics_message(taken: Taken, resource: Attributes, *, deltas: bool) -> bytes:
    """The body for /v1/metrics."""
    found = (_metric(i, points, taken, deltas=deltas) for i, points in taken.points.items())
    return _of_resource(resource, found)


def spans_message(spans: Iterable[Span], resource: Attributes) -> bytes:
    """The body for /v1/traces."""
    return _of_resource(resource, map(_span, spans))


def _of_resource(resource: Attributes, parts: Iterable[bytes]) -> bytes:
    scope = message(2, message(1, text(1, SCOPE)), *(message(2, part) for part in parts))
    return message(1, message(1, *_attributes(1, resource.items())), scope)


def _metric(
    instrument: Instrument, points: Mapping[Labels, Point], taken: Taken, *, deltas: bool
) -> bytes:
    name, unit, meaning, kind = instrument
    content = [message(1, *_point(kind, *each, taken)) for each in points.items()]
    if kind != "gauge":
        content.append(number(2, DELTA if deltas else CUMULATIVE))
    if kind == "counter":
        content.append(number(3, 1))  # it only grows
    told = (text(1, name), text(2, meaning), text(3, unit))
    return b"".join((*told, message(FIELDS[kind], *content)))


def _point(kind: str, labels: Labels, point: Point, taken: Taken) -> Iterable[bytes]:
    if kind != "gauge":
        yield fixed64(2, taken.since)
    yield fixed64(3, taken.until)
    if isinstance(point, Times):
        yield from _times(point)
        yield from _attributes(9, labels)
    else:
        yield fixed64(6, point) if isinstance(point, int) else double(4, point)
        yield from _attributes(7, labels)


def _times(times: Times) -> Iterable[bytes]:
    yield fixed64(4, sum(times.classes))
    yield double(5, times.total)
    yield all_fixed64(6, times.classes)
    yield all_doubles(7, LATENCY_BOUNDS)
    yield double(11, times.least)
    yield double(12, times.most)


def _span(span: Span) -> bytes:
    status = (text(2, span.error), number(3, ERROR)) if span.error else ()
    return b"".join(
        (
            message(1, span.trace),
            message(2, span.own),
            message(4, span.parent),
            text(5, span.name),
            number(6, INTERNAL),
            fixed64(7, span.began),
            fixed64(8, span.ended),
            *_attributes(9, span.attributes.items()),
            message(15, *status),
            fixed32(16, OF_REMOTE_PARENT),
        )
    )


def _attributes(field: int, labels: Iterable[tuple[str, str]]) -> Iterable[bytes]:
    return (message(field, text(1, name), message(2, text(1, value))) for name, value in labels)
