"""The whole text that `ct-assets doctor` prints, one line for each row of its table."""

import re

import pytest

from ct_assets.commands.support import output
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import Shop

WELL = """\
ok | python | VERSION
ok | packages | VERSIONS
ok | declarations | 2 syncs: customers, purchases
ok | CT_DATA_DIR | DATA is writable
ok | room | ROOM free
ok | file system | DATA is on KIND
ok | owner | all files in DATA are USER's
ok | state HOST_PORT-SANDBOX/customers | healthy, 2 rows acknowledged
ok | locks | none held
ok | slots | none held
ok | source shop/customer | 4 rows, 3 columns
ok | columns of customers | there: 3 columns for 2 fields
ok | source shop/purchase | 2 rows, 4 columns
ok | columns of purchases | there: 3 columns for 1 field
ok | account | SANDBOX at HOST:PORT takes these credentials (SECONDS)
ok | clock of account | within SECONDS of this one
ok | types of customers | 2 fields, and the account has none of them in another type
note | dagster | DAGSTER_HOME is not set: no run is kept, no schedule ticks
All is well.
"""
WRONG = """\
ok | python | VERSION
ok | packages | VERSIONS
ok | declarations | 2 syncs: customers, purchases
ok | CT_DATA_DIR | DATA is writable
ok | room | ROOM free
ok | file system | DATA is on KIND
ok | state | none yet
ok | locks | none held
ok | slots | none held
ok | source shop/customer | 1 row, 3 columns
FAILED | columns of customers | PROJECT/defs/customers/defs.yaml:10: fields.Email: Sync \
customers: shop/customer has no column 'mail', which Email wants; did you mean 'email'? Mend \
the declaration, or bring the column back.
fix: Correct what it names; `ct-assets preview customers` shows the rows then.
FAILED | source shop/purchase | shop/purchase: no file matches 'purchase.csv' (looked in ROOT)
fix: Make it readable, or correct the source's declaration.
FAILED | account | CLEVERTAP_ACCOUNT_ID, CLEVERTAP_REGION set, but not CLEVERTAP_PASSCODE: set \
what is missing, or none of them to send to the sandbox
fix: Correct the environment of whatever starts the runs.
FAILED | account SHOP | SHOP_CLEVERTAP_REGION='mars' is not a CleverTap region; use one of eu1, \
in1, sg1, us1, aps3, mec1
fix: Correct the environment of whatever starts the runs.
FAILED | dagster storage | ROOT/nowhere cannot be used (DagsterInvariantViolationError)
fix: Set DAGSTER_HOME to a folder of yours that has the project's dagster.yaml; if its \
databases are damaged, move them away or bring them back from a backup.
5 of 15 checks failed.
"""


def printed(shop: Shop, account: SandboxInTest | None = None) -> str:
    """What it prints, without what is another thing on each machine."""
    rows: list[list[str]] = []
    after = []
    for line in shop.call("doctor").output.splitlines():
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        if cells and cells[0]:
            rows.append(cells)
        elif cells:
            rows[-1][2] += f"\n{cells[2]}" if cells[2].startswith("fix: ") else f" {cells[2]}"
        elif line and line[0] not in "┏┃┡└":
            after.append(line)
    text = "\n".join([*(" | ".join(row) for row in rows), *after, ""])
    for pattern, name in _OWN.items():
        text = re.sub(pattern, name, text, flags=re.MULTILINE)
    for folder, name in {shop.data: "DATA", shop.package: "PROJECT", shop.root: "ROOT"}.items():
        text = text.replace(str(folder), name)
    if account:
        host, port = account.url.partition("://")[2].split(":")
        text = text.replace(f"{host}_{port}", "HOST_PORT").replace(f"{host}:{port}", "HOST:PORT")
    return text


_OWN = {
    r"within \d+ s of": "within SECONDS of",
    r"\([\d.]+ s\)$": "(SECONDS)",
    r"^ok \| python \| [\d.]+$": "ok | python | VERSION",
    r"^ok \| packages \| .*$": "ok | packages | VERSIONS",
    r"[\d.,]+ [GT]B free$": "ROOM free",
    r" is on \S+$": " is on KIND",
    r" are \S+'s$": " are USER's",
}


@pytest.fixture(autouse=True)
def _wide_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths of tests are of any length."""
    monkeypatch.setattr(output, "PIPED_WIDTH", 1000)


def test_all_is_well(shop: Shop, account: SandboxInTest) -> None:
    assert shop.run("customers")

    assert printed(shop, account) == WELL


def test_several_things_are_wrong(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write("customer.csv", "id,name,email\n1,Ada,ada@example.org\n")
    (shop.root / "purchase.csv").unlink()
    shop.declare("purchases", "object: event", "object: event\n  destination: SHOP")
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", "TEST-ACCOUNT")
    monkeypatch.setenv("CLEVERTAP_REGION", "eu1")
    monkeypatch.setenv("SHOP_CLEVERTAP_ACCOUNT_ID", "TEST-SHOP")
    monkeypatch.setenv("SHOP_CLEVERTAP_PASSCODE", "canary")
    monkeypatch.setenv("SHOP_CLEVERTAP_REGION", "mars")
    monkeypatch.setenv("DAGSTER_HOME", str(shop.root / "nowhere"))

    assert printed(shop) == WRONG
