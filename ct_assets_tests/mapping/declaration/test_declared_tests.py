from typing import Any

import pytest

from ct_assets.mapping import DeclarationError, parse

PEOPLE: dict[str, Any] = {
    "name": "people",
    "object": "profile",
    "source": "shop/people",
    "identify_by": [{"identity": "id"}],
    "fields": {"Email": "mail"},
}


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (
            {"expect": "cut"},
            "tests[0]: `given` is missing. Write a row of the source, such as "
            "`given: {id: 1, mail: ann@example.org}`.",
        ),
        (
            {"given": {"id": 1}},
            "tests[0]: `expect` is missing. Write what becomes of it, such as "
            "`expect: {Email: ann@example.org}`.",
        ),
        (
            {"given": {"id": 1}, "expect": "rejected"},
            "tests[0].expect: must be parts of the record, such as `{Email: ann@example.org}`, "
            "`rejected: {FIELD: CODE}`, cut or superseded, not 'rejected'.",
        ),
        (
            {"given": {"id": 1}, "expect": {"rejected": "email_characters"}},
            "tests[0].expect: write which field is rejected, and the code: `rejected: {Phone: "
            "phone_too_short}`, and nothing else beside it.",
        ),
        (
            {"given": [{"id": 1}, {"id": 2}], "expect": "cut"},
            "tests[0]: 2 rows given and 1 outcome expected: write one for each row.",
        ),
        (
            {"given": {"id": 1}, "expect": "cut", "expects": "cut"},
            "tests[0].expects: unknown setting; did you mean 'expect'? Known here: name, given, "
            "types, expect.",
        ),
        (
            {"given": {"id": 1}, "types": {"id": "int"}, "expect": "cut"},
            "tests[0].types.id: must be one of string, integer, float, boolean, date, datetime, "
            "not 'int'; did you mean 'integer'?",
        ),
    ],
)
def test_mistakes_in_tests(test: dict[str, Any], problem: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse({**PEOPLE, "tests": [test]})

    assert [str(each) for each in caught.value.problems] == [problem]


def test_tests_do_not_change_what_a_sync_means() -> None:
    tested = parse({**PEOPLE, "tests": [{"given": {"id": 1}, "expect": {"identity": "1"}}]})

    assert tested.digest == parse(PEOPLE).digest
