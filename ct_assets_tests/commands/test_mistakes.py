"""The mistakes of newcomers, in each kind of project: the same words, and no traceback."""

import shutil
from pathlib import Path

import pytest

from ct_assets.components.scaffold.project_setup import ProjectSetup
from ct_assets_tests.commands.foreign_projects import CHINOOK, KINDS, said, write

SOURCE = """\
type: ct_assets.SourceTable
attributes:
  asset: shop/customer
  file: customer.csv
---
"""
SYNC = """\
type: ct_assets.ClevertapSync
attributes:
  name: people
  object: profile
  source: shop/customer
  identify_by: [{identity: CustomerId}]
  fields:
    Name: FirstName
    Email: Email
"""
CONNECTION = """\
type: ct_assets.Connection
attributes:
  name: shop
  url: "{{ env.SHOP_URL }}"
---
"""
RIGHT = SOURCE + SYNC
FROM_SHOP = RIGHT.replace("file: customer.csv", "connection: shop\n  table: customer")
MISTAKES = {
    "unknown source": (
        RIGHT.replace("source: shop/customer", "source: shop/custmer"),
        "defs.yaml:10: source: no asset 'shop/custmer'; did you mean 'shop/customer'?",
    ),
    "duplicate name": (
        f"{RIGHT}---\n{SYNC}",
        "defs.yaml:18: name: the sync of defs.yaml is called 'people' too; give one another name",
    ),
    "wrong column": (
        RIGHT.replace("Name: FirstName", "Name: FirstNam"),
        "defs.yaml:13: fields.Name: Sync people: shop/customer has no column 'FirstNam', which "
        "Name wants; did you mean 'FirstName'? Mend the declaration, or bring the column back.",
    ),
    "bad YAML": (
        RIGHT.replace("Email: Email", "Email: [Email"),
        "defs.yaml:14: not readable as YAML: expected ',' or ']', but got '<stream end>'; close "
        "the bracket, or quote a text that has one",
    ),
    "an unknown component": (
        RIGHT.replace("ClevertapSync", "ClevertapSnc"),
        "defs.yaml:6: type: no component 'ct_assets.ClevertapSnc'; did you mean "
        "'ct_assets.ClevertapSync'? There are ct_assets.ClevertapSync, ct_assets.SourceTable and "
        "ct_assets.Connection.",
    ),
    "no such file": (
        RIGHT.replace("customer.csv", "custmer.csv"),
        "shop/customer: no file matches 'custmer.csv' (looked in PROJECT); did you mean "
        "'customer.csv'?",
    ),
    "no such connection": (
        FROM_SHOP,
        "defs.yaml:4: connection: no connection 'shop'; there are: none",
    ),
    "a variable that is not set": (
        CONNECTION + FROM_SHOP,
        "shop/customer: connection shop: SHOP_URL is not set; set it in the environment of the "
        "runs",
    ),
}


def prepare(folder: Path, kind: str, declarations: str) -> str:
    """A project of this kind with customers; the place of its declarations."""
    files, _, declared = KINDS[kind]
    write(folder, files)
    shutil.copy(CHINOOK, folder)
    list(ProjectSetup.around(folder, "").written())
    write(folder, {declared: declarations})
    return declared


@pytest.mark.parametrize("kind", ["create-dagster", "Definitions", "workspace"])
@pytest.mark.parametrize(("declarations", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_declaration(folder: Path, kind: str, declarations: str, told: str) -> None:
    declared = prepare(folder, kind, declarations)

    text = said("preview", "people", code=1)

    shown = text.replace(declared, "defs.yaml").replace(str(folder), "PROJECT")
    assert shown == f"Error: {told}\n"


ACCOUNTS = {
    "no passcode": (
        {"CLEVERTAP_ACCOUNT_ID": "TEST-111-1111", "CLEVERTAP_REGION": "in1"},
        "CLEVERTAP_ACCOUNT_ID, CLEVERTAP_REGION set, but not CLEVERTAP_PASSCODE: set what is "
        "missing, or none of them to send to the sandbox",
    ),
    "no such region": (
        {
            "CLEVERTAP_ACCOUNT_ID": "TEST-111-1111",
            "CLEVERTAP_PASSCODE": "secret",
            "CLEVERTAP_REGION": "india",
        },
        "CLEVERTAP_REGION='india' is not a CleverTap region; use one of eu1, in1, sg1, us1, aps3, "
        "mec1",
    ),
}


@pytest.mark.parametrize("kind", ["create-dagster", "Definitions", "workspace"])
@pytest.mark.parametrize(("variables", "told"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_a_mistake_in_an_account(
    folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, variables: dict[str, str], told: str
) -> None:
    prepare(folder, kind, RIGHT)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert said("plan", "people", code=1) == f"Error: {told}\n"
