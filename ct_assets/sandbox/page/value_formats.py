"""Formats values for people; the templates escape them."""

from datetime import UTC

import orjson

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.page.times import ZoneClock
from ct_assets.sandbox.store.properties.property_types import type_of

_UTC = ZoneClock(UTC)
# Places at which a broken excerpt may be cut, from its end: items of one event come before it.
_CUTS = 300


def number(count: float) -> str:
    """With thin spaces between the thousands."""
    return f"{count:,}".replace(",", "\u2009")


def share(part: float, whole: float) -> str:
    if not whole:
        return "–"
    percent = min(100 * part / whole, 100.0)
    if 0 < percent < 1:
        return "< 1 %"
    # 100 % is shown only for all of them.
    return f"{min(round(percent), 99) if percent < 100 else 100} %"


def size(count: int) -> str:
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def seconds(duration: float) -> str:
    if duration < 0.0095:
        return f"{duration * 1000:.1f} ms"
    return f"{duration * 1000:.0f} ms" if duration < 1 else f"{duration:.1f} s"


def value(given: Json) -> str:
    """A property's value; a `$D_` date as the moment it stands for."""
    if isinstance(given, str):
        return _date(given) if type_of(given) == "Date" else given
    if isinstance(given, list) and not any(isinstance(item, list | dict) for item in given):
        return ", ".join(str(item) for item in given)
    return orjson.dumps(given).decode()


def pretty(text: str) -> str:
    """JSON over several lines; of an excerpt that breaks off, the records that are whole."""
    whole = _indented(text)
    if whole is not None:
        return whole
    end = len(text)
    for _ in range(_CUTS):
        end = text.rfind("},{", 0, end)
        if end < 0:
            break
        indented = _indented(text[: end + 1] + "]}")
        if indented is not None:
            return indented.removesuffix("\n  ]\n}") + ",\n    …"
    return text


def words(code: str) -> str:
    return code.replace("_", " ")


def _indented(text: str) -> str | None:
    try:
        return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return None


def _date(given: str) -> str:
    at = _UTC.at(int(given[3:]))
    midnight = at.timestamp() % 86_400 == 0
    return f"{at:%Y-%m-%d}" if midnight else f"{at:%Y-%m-%d %H:%M:%S} UTC"
