import pytest
from click.testing import CliRunner

from ct_assets.clevertap.codes import entries
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
        (
            "email_dots",
            "before sending; it stays so until the source or the declaration changes.\n",
        ),
        ("merge", "ct_assets sends the rows and warns of it.\n"),
        ("parked", "ct_assets holds the row back; it stays so until somebody acts.\n"),
        ("limit", "ct_assets holds the row back; a later run sends it.\n"),
        ("418", "418: Not an answer of CleverTap's API\n"),
        ("301", "301: Redirected\n"),
        ("521", "with this HTTP status; a repeat may succeed.\n"),
    ],
)
def test_who_says_it_and_whether_it_lasts(code: str, told: str) -> None:
    assert told in CliRunner().invoke(cli, ["explain", code]).output


def test_its_help_shows_examples_line_by_line() -> None:
    said = CliRunner().invoke(cli, ["explain", "--help"]).output

    assert "\n  ct-assets explain 516\n  ct-assets explain customers --key 57\n" in said
    assert "\\b" not in said


def test_a_code_that_there_is_not() -> None:
    result = CliRunner().invoke(cli, ["explain", "email_domein"])

    assert (result.exit_code, result.output) == (
        1,
        "Error: There is no code 'email_domein'; did you mean 'email_domain'? The story of a row "
        "is told with `ct-assets explain SYNC --key KEY`.\n",
    )
