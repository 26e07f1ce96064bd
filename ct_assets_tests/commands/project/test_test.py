"""Runs `ct-assets test` on a small project."""

import pytest

from ct_assets.components.project import loader
from ct_assets.components.project.locations import InvalidDeclarationError
from ct_assets_tests.commands.kit import Shop

TESTS = """\
  max_rejected: 0.5
  tests:
    - given: {id: 1, name: Ada, mail: ada@example.org}
      expect: {identity: "1", Email: ada@example.com}
    - given: {name: Nobody}
      expect: cut
"""


def test_what_failed_with_its_line(shop: Shop) -> None:
    shop.declare("customers", "  max_rejected: 0.5\n", TESTS)

    failed = shop.call("test")

    assert failed.exit_code == 1
    assert failed.output.splitlines() == [
        "customers: 2 tests",
        "purchases: 0 tests",
        f"Error: {shop.package}/defs/customers/defs.yaml:14: tests[0].expect.Email: is "
        "'ada@example.org', and 'ada@example.com' is expected",
    ]
    assert not shop.data.exists()


def test_all_that_hold(shop: Shop) -> None:
    shop.declare("customers", "  max_rejected: 0.5\n", TESTS.replace(".com", ".org"))

    assert shop.said("test", "customers") == "customers: 2 tests\n"


def test_where_there_are_none(shop: Shop) -> None:
    assert shop.said("test").splitlines()[2:] == [
        "No declaration has `tests`; write some, such as:",
        "  tests:",
        "    - given: {CustomerId: 1, Phone: 030 123456, Country: Germany}",
        '      expect: {identity: "1", Phone: "+4930123456"}',
    ]


def test_definitions_that_are_only_checked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.declare("customers", "  max_rejected: 0.5\n", TESTS)
    loader.load_defs(shop.package)
    monkeypatch.setattr("sys.argv", ["dg", "check", "defs"])

    with pytest.raises(InvalidDeclarationError, match=r"tests\[0\].expect.Email: is 'ada@"):
        loader.load_defs(shop.package)
