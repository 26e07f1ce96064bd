import itertools
import re
from collections.abc import Callable

import pytest

from ct_assets.phone.compiler.diagrams import (
    NO,
    Diagrams,
    Rule,
    choose,
    first,
    leaf,
    only,
    value,
    without,
)
from ct_assets.phone.compiler.edits import Edit, drop
from ct_assets.phone.compiler.matcher import Language

STRINGS = ["".join(s) for s in itertools.product("0123456789", repeat=3)]
ODD, FROM_5 = "\\d{2}[13579]", "[5-9]\\d{2}"


@pytest.fixture
def diagrams() -> Diagrams:
    return Diagrams()


def asked(diagrams: Diagrams, diagram: int, text: str) -> int:
    for digit in text:
        diagram = diagrams.below(diagram)[int(digit)]
    return value(diagram)


def test_a_language(diagrams: Diagrams) -> None:
    odd = diagrams.matches(Language(ODD), 3, leaf(7))

    assert [asked(diagrams, odd, s) for s in STRINGS] == [7 if int(s) % 2 else 0 for s in STRINGS]
    assert diagrams.matches(Language(ODD), 4) == NO


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (first, lambda a, b: a or b),
        (only, lambda a, b: a if b else 0),
        (without, lambda a, b: 0 if b else a),
    ],
)
def test_two_diagrams(diagrams: Diagrams, rule: Rule, expected: Callable[[int, int], int]) -> None:
    a = diagrams.matches(Language(ODD), 3, leaf(2))
    b = diagrams.matches(Language(FROM_5), 3, leaf(3))

    both = diagrams.apply(rule, a, b)

    for s in STRINGS:
        assert asked(diagrams, both, s) == expected(
            2 if re.fullmatch(ODD, s) else 0, 3 if re.fullmatch(FROM_5, s) else 0
        )


def test_choose(diagrams: Diagrams) -> None:
    condition = diagrams.matches(Language(ODD), 3)
    chosen = diagrams.apply(choose, condition, diagrams.matches(Language(FROM_5), 3), leaf(9))

    assert asked(diagrams, chosen, "501") == 1
    assert asked(diagrams, chosen, "401") == 0
    assert asked(diagrams, chosen, "500") == 9


def test_equal_functions_have_equal_numbers(diagrams: Diagrams) -> None:
    odd, from_5 = (diagrams.matches(Language(p), 3) for p in (ODD, FROM_5))

    one = diagrams.apply(without, odd, from_5)
    other = diagrams.matches(Language("[0-4]\\d[13579]"), 3)

    assert one == other


@pytest.mark.parametrize("edit", [drop(1), Edit("5", rest=2), Edit("4", 1, 2, 3)])
def test_edited(diagrams: Diagrams, edit: Edit) -> None:
    length = edit.length(3)
    language = Language(f"[5-9]\\d{{{length - 1}}}" if length > 1 else "[5-9]")
    after = diagrams.matches(language, length)

    before = diagrams.edited(after, edit)

    for s in STRINGS:
        text = edit.const + s[edit.start : edit.stop] + s[edit.rest :]
        assert asked(diagrams, before, s) == (text[0] >= "5")


def test_grafted(diagrams: Diagrams) -> None:
    odd, from_5 = (diagrams.matches(Language(p), 3) for p in (ODD, FROM_5))

    grafted = diagrams.grafted(odd, "50", from_5)

    assert asked(diagrams, grafted, "500") == 1
    assert asked(diagrams, grafted, "510") == 0
    assert asked(diagrams, grafted, "511") == 1
