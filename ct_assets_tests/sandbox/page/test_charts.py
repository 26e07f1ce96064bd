import pytest

from ct_assets.sandbox.page.charts import HEIGHT, WIDTH, bars, ceiling
from ct_assets.sandbox.page.times import Buckets

FOUR = Buckets("day", (0, 1, 2, 3, 4), ("Mon", "Tue", "Wed", "Thu"))


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 2), (2, 2), (3, 4), (4, 4), (5, 6), (7, 8), (11, 20), (473, 600), (999, 1000)],
)
def test_the_axis_ends_at_a_round_number(highest: int, top: int) -> None:
    assert ceiling(highest) == top


def test_bars_stand_on_the_axis_and_stay_within() -> None:
    chart = bars(FOUR, [0, 1, 4, 1_000_000])

    assert [bar.value for bar in chart.bars] == [0, 1, 4, 1_000_000]
    assert chart.total == 1_000_005
    # Even one in a million is seen.
    assert [round(bar.height, 1) for bar in chart.bars] == [0.0, 2.0, 2.0, 184.0]
    assert {round(bar.y + bar.height, 1) for bar in chart.bars} == {HEIGHT - 24.0}
    assert all(bar.x > 0 and bar.x + bar.width <= WIDTH for bar in chart.bars)
    assert [line.text for line in chart.across] == ["0", "500\u2009000", "1\u2009000\u2009000"]


def test_few_labels_for_many_bars() -> None:
    many = Buckets("day", tuple(range(71)), tuple(f"day {n}" for n in range(70)))

    assert [line.text for line in bars(many, [1] * 70).below] == [
        f"day {n}" for n in range(0, 70, 12)
    ]


@pytest.mark.parametrize(
    ("count", "label"),
    [(1, "26 Nov 09:00"), (21, "26 Nov 09:{:02}"), (53, "week of 24 Nov 2025"), (70, "2026")],
)
def test_labels_neither_touch_nor_leave_the_chart(count: int, label: str) -> None:
    names = tuple(label.format(number) for number in range(count))
    below = bars(Buckets("any", tuple(range(count + 1)), names), [1] * count).below

    # Letters are 15 high where the chart is small, and then about 8 wide.
    ends = [line.at + len(line.text) * 8 for line in below]
    assert all(end < line.at for end, line in zip(ends, below[1:], strict=False))
    assert 0 < ends[-1] <= WIDTH
    assert all(len(line.text) <= 12 for line in below)
