"""Instruments are the figures that are published: their names, units, meanings and kinds.

None bears a value of a row: only names of syncs, destinations and outcomes.
"""

from typing import Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]


class Instrument(NamedTuple):
    name: str
    unit: str
    meaning: str
    kind: Kind


ROWS = Instrument(
    "ct_assets.rows",
    "{row}",
    "Rows that left, or did not, by sync, destination and outcome.",
    "counter",
)
DELIVERIES = Instrument(
    "ct_assets.deliveries",
    "{delivery}",
    "Deliveries, by their result: ended or failed.",
    "counter",
)
LATENCY = Instrument(
    "ct_assets.request.duration", "s", "Time until CleverTap answered a request.", "histogram"
)
WAITS = Instrument(
    "ct_assets.waits", "{request}", "Requests that CleverTap put off with 429.", "counter"
)
WINDOW = Instrument(
    "ct_assets.window", "{request}", "Requests that may be in flight at once now.", "gauge"
)
SLOTS = Instrument("ct_assets.slots", "{request}", "Slots of the account that are in use.", "gauge")
LAG = Instrument(
    "ct_assets.source.lag", "s", "For how long CleverTap has lacked what was read.", "gauge"
)
AGE = Instrument("ct_assets.delivery.age", "s", "Time since the last delivery that ended.", "gauge")

LATENCY_BOUNDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60)
"""Seconds: the upper bounds of the histogram's classes."""

EVERY = (ROWS, DELIVERIES, LATENCY, WAITS, WINDOW, SLOTS, LAG, AGE)
