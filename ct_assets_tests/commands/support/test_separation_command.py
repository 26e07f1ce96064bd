"""The commands disassociate and demerge tell first, and do it with --yes, as the sandbox sees."""

from pathlib import Path

import pytest

from ct_assets.errors import mask
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import Shop


def test_numbers_are_parted(shop: Shop, account: SandboxInTest, tmp_path: Path) -> None:
    (tmp_path / "numbers.txt").write_text("+39 02 1234567\n\n+390212345678\n")
    arguments = ("disassociate", "+390212345678", "--file", str(tmp_path / "numbers.txt"))

    told = shop.said(*arguments)
    assert told.startswith("2 phone numbers would be parted from their profiles, in 1 call to ")
    assert "Nothing was sent: add --yes to do it. It cannot be undone." in told
    assert account.requests() == []

    assert shop.said(*arguments, "--yes") == "CleverTap took 2 of 2.\n"
    (request,) = account.requests()
    assert (request.path, request.body) == (
        "/1/disassociate",
        b'{"d":[{"type":"phone","value":"+390212345678"},{"type":"phone","value":"+39021234567"}]}',
    )


def test_people_are_parted(shop: Shop, account: SandboxInTest) -> None:
    assert "1 profile would be parted into their devices" in shop.said("demerge", "7")
    assert account.requests() == []

    said = shop.said("demerge", "7", "--yes")
    assert said.startswith("CleverTap took 1 of 1.\nThey have no identities once CleverTap has")
    (request,) = account.requests()
    assert (request.path, request.body) == ("/1/demerge/profiles.json", b'{"identities":["7"]}')


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["demerge"], "nobody is named: write them after the command, or use --file"),
        (
            ["disassociate", "0212345678"],
            f"{mask('0212345678')} is no phone number with its country code, such as +390212345678",
        ),
    ],
)
def test_mistakes(shop: Shop, arguments: list[str], told: str) -> None:
    assert shop.call(*arguments).output == f"Error: {told}\n"


def test_a_sandbox_that_never_ran(shop: Shop) -> None:
    result = shop.call("demerge", "7")
    assert result.output == "Error: the destination is the sandbox, which has not run yet\n"
