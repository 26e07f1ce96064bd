import pytest

from ct_assets_tests.benchmarks.phases import PHASES, owner_of, table


@pytest.mark.parametrize("place", [place for places in PHASES.values() for place in places])
def test_what_is_measured_is_there(place: str) -> None:
    owner, function = owner_of(place)

    assert callable(getattr(owner, function))


def test_figures_are_those_of_a_million_rows() -> None:
    lines = table({"first": {"outbox": 1.0, "sending": 0.5}, "again": {"outbox": 0.1}}, 500_000)

    assert [line.split() for line in lines.splitlines()] == [
        ["first", "again"],
        ["outbox", "2.00", "0.20"],
        ["sending", "1.00", "0.00"],
        ["all", "3.00", "0.20"],
    ]
