import pytest

from ct_assets.phone.compiler.edits import KEEP, Edit, drop
from ct_assets.phone.compiler.patterns import UnsupportedPatternError
from ct_assets.phone.compiler.prefixes import Rule


@pytest.mark.parametrize(
    ("template", "slots", "edit"),
    [
        (None, (), drop(4)),
        (None, (1, 3), drop(4)),
        ("9\\1", (1, 3), Edit("9", 1, 3, 4)),
        ("9\\1", (1, 4), Edit("9", rest=1)),
        ("9\\1", (None, None), drop(4)),
        ("\\2", (0, 1, 1, 4), drop(1)),
        ("\\1", (0, 4), KEEP),
    ],
)
def test_what_a_rule_does(template: str | None, slots: tuple[int | None, ...], edit: Edit) -> None:
    assert Rule("", template).edit(4, slots) == edit


def test_digits_behind_a_group_are_refused() -> None:
    with pytest.raises(UnsupportedPatternError):
        Rule("", "\\1" + "5").edit(4, (0, 2))
