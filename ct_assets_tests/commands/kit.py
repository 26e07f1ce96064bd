"""A small project on disk, and `ct-assets` called on it as a person would."""

import hashlib
import json
from pathlib import Path
from typing import Any

import dagster as dg
from click.testing import CliRunner, Result

from ct_assets.cli import cli
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.components.runs.sync_runs import job_name
from ct_assets.sandbox.testing import Request, SandboxInTest
from ct_assets_tests.components import kit

SOURCES = """\
type: ct_assets.components.SourceTable
attributes:
  asset: shop/customer
  file: customer.csv
---
type: ct_assets.components.SourceTable
attributes:
  asset: shop/purchase
  file: purchase.csv
"""
CUSTOMERS = """\
type: ct_assets.components.ClevertapSync
attributes:
  name: customers
  object: profile
  source: shop/customer
  where: "name <> 'Nobody'"
  identify_by: [{identity: id}]
  fields:
    Name: name
    Email: mail
  max_rejected: 0.5
  trigger: {cron: "0 6 * * *", timezone: Europe/Rome}
"""
PURCHASES = """\
type: ct_assets.components.ClevertapSync
attributes:
  name: purchases
  object: event
  source: shop/purchase
  event: Charged
  event_key: number
  ts: at
  identify_by: [{identity: customer}]
  fields: {Amount: amount}
  on_unknown: park
"""
CUSTOMER = """\
id,name,mail
1,Ada,ada@example.org
2,Bob,bob@example.org
3,Evelyn,evelyn at example.org
4,Nobody,
"""
PURCHASE = """\
number,customer,at,amount
n1,1,2026-01-02T03:04:05,3
n2,2,2026-01-02T03:04:06,4
"""
DEFINITIONS = """\
from pathlib import Path

import dagster as dg

import ct_assets


@dg.definitions
def defs() -> dg.Definitions:
    return ct_assets.definitions(Path(__file__).parent)
"""


class Shop:
    """Its files, and what `ct-assets` says to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        files = {
            "shop/defs.yaml": SOURCES,
            "customers/defs.yaml": CUSTOMERS,
            "purchases/defs.yaml": PURCHASES,
        }
        self.package = kit.write(root, files)
        (self.package / "definitions.py").write_text(DEFINITIONS)
        self.module = f"{self.package.name}.definitions"
        self.write("customer.csv", CUSTOMER)
        self.write("purchase.csv", PURCHASE)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def declare(self, sync: str, old: str, new: str) -> None:
        """Edit a sync's declaration."""
        path = self.package / "defs" / sync / "defs.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def call(self, *arguments: str, entered: str = "") -> Result:
        result = CliRunner().invoke(cli, ["--module", self.module, *arguments], input=entered)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def said(self, *arguments: str) -> str:
        result = self.call(*arguments)
        assert result.exit_code == 0, result.output
        return result.output

    def json(self, *arguments: str) -> Any:
        return json.loads(self.call(*arguments, "--json").stdout)

    def run(self, sync: str, *, kept: bool = False) -> bool:
        """As the schedule or the UI would run it; `kept` in DAGSTER_HOME."""
        job = Project.load(self.module).definitions.resolve_job_def(job_name(sync))
        instance = dg.DagsterInstance.get() if kept else dg.DagsterInstance.ephemeral()
        with instance:
            return job.execute_in_process(raise_on_error=False, instance=instance).success

    def digests(self, *folders: str) -> dict[str, str]:
        """Every file below these folders of the data directory."""
        found = [p for name in folders for p in (self.data / name).rglob("*") if p.is_file()]
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(found)}


def uploads(account: SandboxInTest) -> list[Request]:
    """What brought records; a plan reads the types of fields, too."""
    return [request for request in account.requests() if request.path == "/1/upload"]
