import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct_assets.phone.compiler.edits import KEEP, Edit, drop, replace
from ct_assets.phone.compiler.patterns import UnsupportedPatternError

edits = st.sampled_from(
    [KEEP, drop(1), drop(3), Edit("9", 1, 3, 5), Edit("0549"), Edit("9", rest=2)]
)


def applied(edit: Edit, text: str) -> str:
    return edit.const + text[edit.start : edit.stop] + text[edit.rest :]


@pytest.mark.parametrize(
    ("edit", "text", "expected"),
    [
        (KEEP, "0123456789", "0123456789"),
        (drop(2), "0123456789", "23456789"),
        (replace("9", [(1, 3)], 5), "0111523456", "91123456"),
        (replace("", [(1, 4)], 4), "0123456789", "123456789"),
        (replace("268", [(0, 7)], 7), "4641234", "2684641234"),
    ],
)
def test_edit(edit: Edit, text: str, expected: str) -> None:
    assert applied(edit, text) == expected
    assert edit.length(len(text)) == len(expected)


@given(first=edits, second=edits, text=st.text("0123456789", min_size=12, max_size=17))
def test_one_edit_after_another(first: Edit, second: Edit, text: str) -> None:
    try:
        both = second.after(first)
    except UnsupportedPatternError:
        return

    assert applied(both, text) == applied(second, applied(first, text))
    assert both.length(len(text)) == second.length(first.length(len(text)))


def test_a_rule_that_swaps_groups_is_refused() -> None:
    with pytest.raises(UnsupportedPatternError):
        replace("", [(3, 5), (0, 2)], 5)
