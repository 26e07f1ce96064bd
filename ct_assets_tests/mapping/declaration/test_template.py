import pytest

from ct_assets.mapping.declaration.template import Slot, TemplateError, columns, parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{A} {B}", [Slot("A", None), " ", Slot("B", None)]),
        ("{First name|there}!", [Slot("First name", "there"), "!"]),
        ("{A|}", [Slot("A", "")]),
        ("{{{A}}}", ["{", Slot("A", None), "}"]),
    ],
)
def test_parts_of_a_template(text: str, expected: list[str | Slot]) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize("text", ["{A", "A}", "{}", "no column", "", "{{A}}", "{A|b|c", "{|x}"])
def test_templates_that_cannot_be_read(text: str) -> None:
    with pytest.raises(TemplateError):
        parts(text)


def test_columns_of_a_template() -> None:
    assert columns("{A} {B|x} {A}") == {"A", "B"}
