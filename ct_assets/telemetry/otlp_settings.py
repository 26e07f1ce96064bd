"""OtlpSettings are what the variables OTEL_... say: where figures and spans go, and how.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/ has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

Signal = Literal["metrics", "traces"]

BASE = "OTEL_EXPORTER_OTLP_"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"{BASE}METRICS_ENDPOINT")
SECONDS = 3.0
"""For which a run waits for a collector that does not answer, where no variable says it."""
MILLISECONDS_FROM = 1000
"""OpenTelemetry for Python reads a timeout as seconds, for other languages as milliseconds."""
INTERVAL_SECONDS = 60.0
DELTAS = ("", "delta", "lowmemory")
SCOPE = "ct_assets"

Environ = Mapping[str, str]


def is_on(environ: Environ) -> bool:
    off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return not off and any(environ.get(name) for name in ENDPOINTS)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where the messages of one signal go."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    seconds: float
    compression: str
    authorities: str | None
    """A file of certificates; None: those that are usual here."""
    certificate: str | None
    """A file with the client's own."""
    key: str | None


@dataclass(frozen=True, kw_only=True)
class OtlpSettings:
    metrics: Endpoint | None
    traces: Endpoint | None
    resource: Mapping[str, str]
    deltas: bool
    interval: float
    """Seconds between two times that figures are sent."""
    traced: float
    """The share of traces that is sent."""


def otlp_settings(environ: Environ) -> OtlpSettings:
    preference = environ.get(f"{BASE}METRICS_TEMPORALITY_PREFERENCE", "").strip().lower()
    every = _number(environ.get("OTEL_METRIC_EXPORT_INTERVAL"), INTERVAL_SECONDS * 1000) / 1000
    return OtlpSettings(
        metrics=_endpoint(environ, "metrics"),
        traces=_endpoint(environ, "traces"),
        resource=_resource(environ),
        deltas=preference in DELTAS,
        interval=every if every > 0 else INTERVAL_SECONDS,
        traced=_traced(environ),
    )


def _endpoint(environ: Environ, signal: Signal) -> Endpoint | None:
    """None: nothing of the signal is sent."""

    def of(name: str) -> str:
        return environ.get(f"{BASE}{signal.upper()}_{name}") or environ.get(f"{BASE}{name}") or ""

    exporter = environ.get(f"OTEL_{signal.upper()}_EXPORTER") or "otlp"
    base = environ.get(f"{BASE}ENDPOINT", "").rstrip("/")
    own = environ.get(f"{BASE}{signal.upper()}_ENDPOINT")
    if exporter != "otlp" or not (own or base):
        return None
    seconds = _number(of("TIMEOUT"), SECONDS)
    return Endpoint(
        url=own or f"{base}/v1/{signal}",
        headers=_pairs(of("HEADERS")),
        seconds=seconds / 1000 if seconds >= MILLISECONDS_FROM else seconds,
        compression=of("COMPRESSION").strip().lower(),
        authorities=of("CERTIFICATE") or None,
        certificate=of("CLIENT_CERTIFICATE") or None,
        key=of("CLIENT_KEY") or None,
    )


def _resource(environ: Environ) -> Mapping[str, str]:
    named = _pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", ""))
    service = environ.get("OTEL_SERVICE_NAME")
    return {"service.name": SCOPE, **named, **({"service.name": service} if service else {})}


def _traced(environ: Environ) -> float:
    """Samplers that ask a parent send all: the trace of a Dagster run has nobody before it."""
    sampler = environ.get("OTEL_TRACES_SAMPLER", "").strip().lower()
    share = _number(environ.get("OTEL_TRACES_SAMPLER_ARG"), 1.0)
    return {"always_off": 0.0, "traceidratio": share}.get(sampler, 1.0)


def _pairs(text: str) -> dict[str, str]:
    """Such as `a=1,b=2`, whose values are written as in URLs; other parts are left out."""
    parts = (part.partition("=") for part in text.split(","))
    return {
        name.strip(): unquote(value.strip()) for name, is_, value in parts if is_ and name.strip()
    }


def _number(text: str | None, otherwise: float) -> float:
    try:
        return float(text) if text else otherwise
    except ValueError:
        return otherwise
