import duckdb
import pytest

from ct_assets.delivery.state import field_bitmap

FIELDS = {f"F{n}": n for n in range(70)}


def value(expression: str) -> object:
    found = duckdb.execute(f"select {expression}").fetchone()
    assert found
    return found[0]


def stored(text: str) -> str:
    return f"cast({text} as ubigint[])"


def test_a_bit_for_each_field_that_is_listed() -> None:
    listed = field_bitmap.listed("['F0', 'F3', 'F64', 'other']", ("F0", "F3", "F5", "F64"), FIELDS)

    assert value(field_bitmap.as_list(listed)) == [0b1001, 0b1]


def test_a_null_list_has_no_bit() -> None:
    assert value(field_bitmap.as_list(field_bitmap.listed("null", ("F0",), FIELDS))) == [0, 0]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("[5]", "[2]", [7]),
        ("[1]", "[2, 8]", [3, 8]),
        ("null", "[2]", [2]),
        ("[1, 1]", "null", [1, 1]),
    ],
)
def test_lists_of_any_length_merge(left: str, right: str, expected: list[int]) -> None:
    assert value(field_bitmap.merged(stored(left), stored(right))) == expected


def test_stored_words_may_be_fewer() -> None:
    assert value(field_bitmap.as_list(field_bitmap.stored(stored("[9]"), 2))) == [9, 0]


def test_operators_for_the_fields_whose_bit_is_set() -> None:
    held = field_bitmap.stored(stored("[2, 1]"), 2)

    assert value(field_bitmap.deletions(held, ("F0", "F1", "F64"), FIELDS)) == (
        '"F1":{"$delete":1},"F64":{"$delete":1}'
    )
    assert value(field_bitmap.deletions(held, (), FIELDS)) == ""


def test_names_are_escaped() -> None:
    assert value(field_bitmap.deletions(["1::ubigint"], ('it\'s "x"',), {'it\'s "x"': 0})) == (
        '"it\'s \\"x\\"":{"$delete":1}'
    )
