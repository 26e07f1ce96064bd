"""Renders the page's templates."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ct_assets.sandbox.page import times, value_formats

if TYPE_CHECKING:
    from jinja2 import Environment

# Anybody can send payloads: even past a hole in the escaping they could run and load nothing.
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


def page(template: str, zone: str, values: Mapping[str, object]) -> str:
    return _environment(zone).get_template(template).render(values)


@functools.cache
def clock(zone: str) -> times.ZoneClock:
    return times.ZoneClock(ZoneInfo(zone))


@functools.cache
def _environment(zone: str) -> "Environment":
    # On the first view, so that a sandbox which only answers senders starts without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    local = clock(zone)
    environment.filters |= {
        "number": value_formats.number,
        "share": value_formats.share,
        "bytes": value_formats.size,
        "seconds": value_formats.seconds,
        "value": value_formats.value,
        "pretty": value_formats.pretty,
        "words": value_formats.words,
        "time": local.time,
        "day": local.day,
        "hour": local.hour,
        "iso": local.iso,
    }
    return environment
