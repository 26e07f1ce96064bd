"""All who may send for one account, at once, as processes of their own.

Two Dagster runs of one sync; a third of another project with a data directory and a DAGSTER_HOME
of its own; two commands.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from ct_assets.sandbox.faults import Plan
from ct_assets.sandbox.testing import SandboxInTest

ROWS = 8000
PROJECT = """\
from pathlib import Path
import ct_assets
defs = ct_assets.definitions(Path(__file__).parent)
"""
DECLARED = """\
type: ct_assets.components.SourceTable
attributes: {{asset: shop/visit, file: visit.csv, types: {{at: integer}}}}
---
type: ct_assets.components.ClevertapSync
attributes:
  name: {name}_visits
  object: event
  source: shop/visit
  event: Visited
  event_key: id
  ts: at
  identify_by: [{{identity: person}}]
  fields: {{Key: id}}
---
type: ct_assets.components.ClevertapSync
attributes:
  name: {name}_people
  object: profile
  source: shop/visit
  identify_by: [{{identity: id}}]
  fields: {{At: at}}
"""


class Project:
    def __init__(self, root: Path, name: str, sandbox: SandboxInTest) -> None:
        self.root, self.name, self.sandbox = root / name, name, sandbox
        files = {
            "pyproject.toml": '[tool.dg]\ndirectory_type = "project"\n'
            f'[tool.dg.project]\nroot_module = "{name}"\n',
            f"{name}/__init__.py": "",
            f"{name}/definitions.py": PROJECT,
            f"{name}/defs/__init__.py": "",
            f"{name}/defs/visits/defs.yaml": DECLARED.format(name=name),
            "visit.csv": "id,person,at\n"
            + "".join(f"{name}{n},p{n % 97},{1_700_000_000 + n}\n" for n in range(ROWS)),
            "home/dagster.yaml": "",
        }
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)

    @property
    def env(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "CLEVERTAP_API_URL": self.sandbox.url,
            "CLEVERTAP_ACCOUNT_ID": self.sandbox.account_id,
            "CLEVERTAP_PASSCODE": self.sandbox.passcode,
            "CT_DATA_DIR": str(self.root / "data"),
            "DAGSTER_HOME": str(self.root / "home"),
            "CT_DEFINITIONS": f"{self.name}.definitions",
            "PYTHONPATH": str(self.root),
        }

    def start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        with (self.root / "log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.root, env=self.env, stdout=log, stderr=subprocess.STDOUT
            )

    def materialize(self) -> subprocess.Popen[bytes]:
        stages = ("valid", "rejected", "clevertap", "undelivered")
        keys = ["shop/visit", *(f"{self.name}_visits/{stage}" for stage in stages)]
        module = f"{self.name}.definitions"
        return self.start(
            "dagster", "asset", "materialize", "--select", ",".join(keys), "-m", module
        )


@pytest.mark.bench
def test_never_more_than_fifteen_in_flight(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    clevertap_sandbox.faults.replace(Plan(latency_seconds=2.0, jitter_seconds=1.0))
    here, there = (Project(tmp_path, name, clevertap_sandbox) for name in ("here", "there"))

    started = [
        here.materialize(),
        here.materialize(),
        there.materialize(),
        there.start("ct-assets", "run", "there_people"),
        here.start("ct-assets", "plan", "here_people", "--ask-clevertap"),
    ]
    assert [process.wait(600) for process in started] == [0] * 5

    assert clevertap_sandbox.max_in_flight_seen <= 15
    arrived = Counter(event.props["Key"] for event in clevertap_sandbox.events())
    assert (len(arrived), set(arrived.values())) == (2 * ROWS, {1})
    requests = len(clevertap_sandbox.requests())
    assert [project.materialize().wait(600) for project in (here, there)] == [0, 0]
    assert len(clevertap_sandbox.requests()) == requests
    print(
        f"5 processes, {requests} requests, {clevertap_sandbox.max_in_flight_seen} at most at once"
    )
