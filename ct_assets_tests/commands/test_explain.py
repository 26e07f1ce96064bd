import pytest
from click.testing import CliRunner

from ct_assets.clevertap.catalogue import entries
from ct_assets.cli import cli


@pytest.mark.parametrize("code", list(entries()))
def test_every_code_is_explained(code: str) -> None:
    result = CliRunner().invoke(cli, ["explain", code])

    assert result.exit_code == 0
    assert result.output.startswith(f"{code}: {entries()[code].title}\n")
    assert entries()[code].fix in result.output


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("516", "CleverTap refused the record; a repeat changes nothing.\n"),
        ("555", "CleverTap refused the record; a repeat may succeed.\n"),
        ("merge", "ct_assets sends the row and warns of it.\n"),
        ("parked", "ct_assets holds the row back.\n"),
    ],
)
def test_who_says_it_and_whether_it_lasts(code: str, told: str) -> None:
    assert told in CliRunner().invoke(cli, ["explain", code]).output


def test_a_code_that_there_is_not() -> None:
    result = CliRunner().invoke(cli, ["explain", "email_domein"])

    assert (result.exit_code, result.output) == (
        1,
        "Error: There is no code 'email_domein'; did you mean 'email_domain'?\n",
    )
