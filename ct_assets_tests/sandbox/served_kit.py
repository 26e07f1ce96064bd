"""A client of a sandbox in a test, and whether its file is whole."""

import sqlite3
from pathlib import Path

import httpx

from ct_assets.sandbox.testing import SandboxInTest


def is_whole(path: Path) -> bool:
    """SQLite finds nothing wrong, and every event and identifier belongs to a profile."""
    orphans = "select count(*) from {} where pid not in (select pid from profiles)"
    with sqlite3.connect(path) as connection:
        check = connection.execute("pragma integrity_check").fetchone()[0]
        counts = [
            connection.execute(orphans.format(table)).fetchone()[0]
            for table in ("events", "identifiers", "devices", "members")
        ]
    return check == "ok" and counts == [0, 0, 0, 0]


def credentialed(sandbox: SandboxInTest) -> httpx.Client:
    names = {"Account-Id": sandbox.account_id, "Passcode": sandbox.passcode}
    headers = {f"X-CleverTap-{name}": value for name, value in names.items()}
    return httpx.Client(base_url=sandbox.url, headers=headers, timeout=30)
