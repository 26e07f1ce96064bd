import socket

import pytest

from ct_assets.clevertap.client import Reply
from ct_assets.clevertap.destination import sandbox_destination
from ct_assets.commands.checkup.account import account, clock
from ct_assets.sandbox.faults import FaultName
from ct_assets.sandbox.testing import SandboxInTest

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
THEN = 784111777.0


def test_good_credentials(clevertap_sandbox: SandboxInTest) -> None:
    checks = list(account("account", sandbox_destination(clevertap_sandbox.url, "x")))

    assert [(c.name, c.status) for c in checks] == [("account", "ok"), ("clock of account", "ok")]
    (request,) = clevertap_sandbox.requests()
    assert (request.query, request.records) == ("dryRun=1", 1)


@pytest.mark.parametrize(
    ("fault", "told", "fix"),
    [
        ("revoked", "credentials or region refused", "Copy the account id"),
        ("403", "credentials or region refused", "Copy the account id"),
        ("429", "429, too many requests at once", "Something else sends to this account"),
        ("503", "HTTP 503", "Try again"),
        ("redirect", "redirects", "Copy the account id"),
        ("not-json", "not CleverTap's JSON", "Try again"),
        ("reset", "the connection broke", "Try again"),
    ],
)
def test_answers_that_are_none(
    clevertap_sandbox: SandboxInTest, fault: FaultName, told: str, fix: str
) -> None:
    clevertap_sandbox.faults.script(fault)

    check = next(account("account", sandbox_destination(clevertap_sandbox.url, "x")))

    assert check.status == "failed"
    assert told in check.found
    assert check.fix.startswith(fix)


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        (check,) = account("account", sandbox_destination(url, "x"))

    assert check.status == "failed"
    assert "cannot reach 127.0.0.1" in check.found
    assert check.fix.startswith("Mend the region or CLEVERTAP_API_URL")


@pytest.mark.parametrize(
    ("now", "date", "status", "told"),
    [
        (THEN, DATE, "ok", "within 1 s of this one"),
        (THEN + 60, DATE, "ok", "within 60 s of this one"),
        (THEN + 120, DATE, "failed", "this machine is 120 s ahead of api"),
        (THEN - 3600, DATE, "failed", "this machine is 3,600 s behind api"),
        (THEN, "", "note", "api does not tell the time"),
        (THEN, "yesterday", "note", "api does not tell the time"),
    ],
)
def test_the_clock(now: float, date: str, status: str, told: str) -> None:
    check = clock("clock", Reply("api", 200, b"", date=date), now)

    assert (check.status, check.found) == (status, told)
