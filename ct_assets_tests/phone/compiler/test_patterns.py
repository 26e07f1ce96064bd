import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.phone.compiler.matcher import Language, Prefix
from ct_assets.phone.compiler.patterns import UnsupportedPatternError, program

PATTERNS = (
    "[26]\\d{8}|88\\d{6,7}",
    "0?(?:(11|2(?:2|3[13-8]))15)?",
    "(?:0|90)(?:(1[245]|2[1-35])(\\d{4,5}))?",
    "([457]\\d{2})$|1",
    "(000[2569]\\d{1,2})$|(?:(?:0037)0?)|0",
    "1(?:[02-9]|1[0-8])?|2{2}|\\d",
)
digits = st.text("0123456789", max_size=9)


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if "$" not in p])
@given(text=digits)
def test_a_language_holds_the_strings_that_match_as_a_whole(pattern: str, text: str) -> None:
    language = Language(pattern)
    state = language.start

    for digit in text:
        state = language.row(state)[int(digit)]

    assert language.accepts(state) == bool(re.fullmatch(pattern, text))


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=digits)
def test_a_prefix_ends_where_a_backtracker_ends(pattern: str, text: str) -> None:
    prefix, found = Prefix(pattern), None
    threads = prefix.start()

    for place in range(len(text) + 1):
        threads, match = prefix.settle(threads, place, at_end=place == len(text))
        found = (place, match) if match is not None else found
        threads = prefix.read(threads, int(text[place])) if place < len(text) else threads

    expected = re.match(pattern, text)
    assert found == (expected and (expected.end(), _slots(expected)))


@pytest.mark.parametrize("pattern", ["a", "1*", "1+", "(?=1)", "[^1]", "1{", "(1", "1)", "^1", "."])
def test_other_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedPatternError):
        program(pattern)


def _slots(match: re.Match[str]) -> tuple[int | None, ...]:
    spans = [match.span(group + 1) for group in range(match.re.groups)]
    return tuple(None if place < 0 else place for span in spans for place in span)
