"""Lays out bars over time for an SVG."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ct_assets.sandbox.page.times import Buckets
from ct_assets.sandbox.page.value_formats import number

WIDTH, HEIGHT = 960, 220
_LEFT, _TOP, _BOTTOM = 48, 12, 24
_LABELS = 6
_LETTER = 9
"""Width of one letter of a label, with some space."""


class Bar(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    label: str
    value: int


class AxisLabel(NamedTuple):
    at: float
    text: str


class Chart(NamedTuple):
    unit: str
    total: int
    bars: tuple[Bar, ...]
    across: tuple[AxisLabel, ...]
    """Horizontal lines with the count they stand for."""
    below: tuple[AxisLabel, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def bars(buckets: Buckets, counts: Sequence[int]) -> Chart:
    step = (WIDTH - _LEFT) / max(len(counts), 1)
    top = ceiling(max(counts, default=0))
    floor, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    drawn = []
    for at, (label, count) in enumerate(zip(buckets.labels, counts, strict=True)):
        # A single event among a million stays visible.
        height = max(room * count / top, 2.0) if count else 0.0
        x, width = _LEFT + at * step + step * 0.1, min(step * 0.8, 64.0)
        drawn.append(
            Bar(round(x, 1), round(floor - height, 1), round(width, 1), height, label, count)
        )
    across = tuple(
        AxisLabel(floor - room * part / 2, number(top * part // 2)) for part in (0, 1, 2)
    )
    return Chart(buckets.unit, sum(counts), tuple(drawn), across, _below(drawn, step))


def ceiling(highest: int) -> int:
    """The next of 2, 4, 6, 8, 10, 20, 40, 60 ... : half of it is a round number, too."""
    top = 2
    for before, after in pairwise(
        factor * 10**power for power in range(19) for factor in (2, 4, 6, 8, 10)
    ):
        if before >= highest:
            break
        top = after
    return top


def _below(drawn: Sequence[Bar], step: float) -> tuple[AxisLabel, ...]:
    """Labels that neither touch each other nor leave the chart."""
    names = [bar.label.removeprefix("week of ") for bar in drawn]
    room = max(map(len, names), default=0) * _LETTER
    every = max(1, math.ceil(len(drawn) / _LABELS), math.ceil(room / step))
    return tuple(
        AxisLabel(bar.x, name)
        for bar, name in list(zip(drawn, names, strict=True))[::every]
        if bar.x + room <= WIDTH
    )
