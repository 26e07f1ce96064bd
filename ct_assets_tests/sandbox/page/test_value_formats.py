import pytest

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.page import value_formats


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("text", "text"),
        ("$D_631152000", "1990-01-01"),
        ("$D_631152001", "1990-01-01 00:00:01 UTC"),
        ("$D_soon", "$D_soon"),
        ("$D_999999999999999999", "9998-12-30 23:59:59 UTC"),
        (True, "true"),
        (4.0, "4.0"),
        (["a", "b"], "a, b"),
        ({"a": [1]}, '{"a":[1]}'),
        ([{"sku": 1}], '[{"sku":1}]'),
    ],
)
def test_value(given: Json, shown: str) -> None:
    assert value_formats.value(given) == shown


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 5, "0 %"), (1, 3, "33 %"), (1, 1000, "< 1 %"), (999, 1000, "99 %"), (5, 5, "100 %")],
)
def test_a_share_is_all_or_nothing_only_when_it_is(part: int, whole: int, shown: str) -> None:
    assert value_formats.share(part, whole) == shown
    assert value_formats.share(part, 0) == "–"


def test_an_excerpt_is_cut_after_a_whole_record() -> None:
    text = '{"d":[{"a":1},{"b":{"c":[{"d":1},{"e":2}]}},{"f":"},{'

    assert value_formats.pretty(text) == (
        '{\n  "d": [\n    {\n      "a": 1\n    },\n    {\n      "b": {\n        "c": [\n'
        '          {\n            "d": 1\n          },\n          {\n            "e": 2\n'
        "          }\n        ]\n      }\n    },\n    …"
    )


@pytest.mark.parametrize("text", ["", "<html>", '{"d":[{"a":', "},{" * 2000])
def test_what_is_no_json_is_left_alone(text: str) -> None:
    assert value_formats.pretty(text) == text


@pytest.mark.parametrize(
    ("duration", "shown"), [(0.0004, "0.4 ms"), (0.0123, "12 ms"), (1.26, "1.3 s")]
)
def test_seconds(duration: float, shown: str) -> None:
    assert value_formats.seconds(duration) == shown


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (4321, "4.3 kB"), (7_654_321, "7.7 MB")]
)
def test_size(count: int, shown: str) -> None:
    assert value_formats.size(count) == shown
