"""Commands on another host than the runs were on, with nothing in common but database and store."""

import shutil
from pathlib import Path

import pytest

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import CUSTOMER, Shop, uploads
from ct_assets_tests.commands.people.test_forget import files_with

LOOKS = (
    ("status",),
    ("plan", "customers"),
    ("rejected", "customers"),
    ("undelivered", "customers"),
    ("parked", "purchases"),
    ("explain", "customers", "--key", "3"),
)


def move(shop: Shop, monkeypatch: pytest.MonkeyPatch, host: str) -> Path:
    """From now on everything happens on another host, whose disk is empty."""
    shop.data = shop.root / host
    monkeypatch.setenv("CT_DATA_DIR", str(shop.data))
    return shop.data


@pytest.mark.long
def test_commands_find_what_another_host_has_done(
    shop: Shop, account: SandboxInTest, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = shop.root / "store"
    monkeypatch.setenv("CT_DATABASE_URL", database)
    monkeypatch.setenv("CT_STORE_URL", str(store))
    first = move(shop, monkeypatch, "first")
    assert shop.run("customers")
    shop.write("customer.csv", CUSTOMER + "5,Eve,eve@example.org\n")
    assert shop.run("customers")
    seen = [shop.said(*look) for look in LOOKS]
    requests = len(uploads(account))
    shutil.rmtree(first)

    other = move(shop, monkeypatch, "other")

    assert [shop.said(*look) for look in LOOKS] == seen
    assert shop.run("customers")
    assert len(uploads(account)) == requests, "all is known there"

    third = move(shop, monkeypatch, "third")
    shop.said("forget", "--identity", "1", "--yes")

    assert [profile.identity for profile in account.profiles()] == ["2", "5"]
    assert files_with("ada@example.org", store, third) == []
    move(shop, monkeypatch, other.name)
    assert shop.json("plan", "customers")["report"]["held"] == {"forgotten": 1}
