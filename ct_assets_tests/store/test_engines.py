"""Engines of Dagster whose steps run in processes, each with a disk of its own."""

import contextlib
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.clevertap.account import own_account
from ct_assets_tests.components import kit
from ct_assets_tests.store import celery_worker
from ct_assets_tests.store.celery_worker import BROKER

pytestmark = pytest.mark.services  # each process imports Dagster for seconds
PROGRAMS = Path(sys.executable).parent
DEFINITIONS = """\
import os
import tempfile
from pathlib import Path

# Each process that loads the project is a host: its disk is another one than the others have.
os.environ["CT_DATA_DIR"] = tempfile.mkdtemp(dir=os.environ["DISKS"])

import ct_assets

defs = ct_assets.definitions(Path(__file__).parent)
"""
VISITS = """\
type: ct_assets.components.SourceTable
attributes: {asset: shop/visit, file: visit.csv}
---
type: ct_assets.components.ClevertapSync
attributes:
  name: visits
  object: event
  source: shop/visit
  event: Visited
  event_key: id
  identify_by: [{identity: person}]
  fields: {Page: page}
  ts: at
"""
MULTIPROCESS = """\
import dagster as dg

defs = dg.Definitions(executor=dg.multiprocess_executor.configured({"max_concurrent": 2}))
"""
CELERY = """\
import dagster as dg
from ct_assets_tests.store.celery_worker import executor

defs = dg.Definitions(executor=executor())
"""
EXAMPLE = """\
import os
import tempfile
from pathlib import Path

os.environ["CT_DATA_DIR"] = tempfile.mkdtemp(dir=os.environ["DISKS"])

import dagster as dg
import ct_assets
from ct_assets_tests.store.celery_worker import executor

folder = Path(ct_assets.__file__).parent
defs = ct_assets.definitions(folder, dg.Definitions(executor=executor()))
"""


@dataclass(frozen=True)
class Deployment:
    root: Path
    module: str
    job: str
    sandbox: SandboxInTest
    database: str

    @property
    def disks(self) -> Path:
        return self.root / "disks"

    @property
    def env(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
            "DAGSTER_HOME": str(self.root / "home"),
            "DISKS": str(self.disks),
            "PYTHONPATH": os.pathsep.join([str(self.root), os.environ.get("PYTHONPATH", "")]),
            "CT_DATABASE_URL": self.database,
            "CT_STORE_URL": str(self.root / "store"),
            BROKER: str(self.root / "broker"),
            "CLEVERTAP_API_URL": self.sandbox.url,
            "CLEVERTAP_ACCOUNT_ID": self.sandbox.account_id,
            "CLEVERTAP_PASSCODE": self.sandbox.passcode,
        }

    def run(self) -> int:
        """Runs the sync; returns the number of requests that the server got."""
        before = len(self.sandbox.requests())
        command = [str(PROGRAMS / "dagster"), "job", "execute", "-j", self.job]
        done = subprocess.run(
            [*command, "-m", self.module],
            cwd=self.root, env=self.env, capture_output=True, text=True, check=False,
            timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-5000:]
        return len(self.sandbox.requests()) - before

    def lose_disks(self) -> int:
        """Deletes all disks; returns how many there were."""
        disks = list(self.disks.iterdir())
        for disk in disks:
            shutil.rmtree(disk)
        return len(disks)


@contextlib.contextmanager
def prepared(root: Path, database: str, module: str, job: str) -> Iterator[Deployment]:
    for folder in ("home", "disks", "clevertap"):
        (root / folder).mkdir()
    (root / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(root / "home")):
        pass  # makes its databases, which processes that start together would trip over
    with served(root / "clevertap", own_account()) as sandbox:
        yield Deployment(root, module, job, sandbox, database)


@contextlib.contextmanager
def deployed(root: Path, database: str, executor: str) -> Iterator[Deployment]:
    package = kit.write(root, {"visits/defs.yaml": VISITS, "engine.py": executor})
    sys.path.remove(str(root))
    (package / "definitions.py").write_text(textwrap.dedent(DEFINITIONS))
    rows = (f"{n},p{n % 7},/page/{n},{1_700_000_000 + n}\n" for n in range(2500))
    (root / "visit.csv").write_text("id,person,page,at\n" + "".join(rows))
    module = f"{package.name}.definitions"
    with prepared(root, database, module, "visits_sync") as deployment:
        yield deployment


def add_a_visit(deployment: Deployment) -> None:
    with (deployment.root / "visit.csv").open("a") as file:
        file.write("2500,p1,/page/2500,1700002500\n")


def test_each_step_may_run_on_another_host(tmp_path: Path, database: str) -> None:
    with deployed(tmp_path, database, MULTIPROCESS) as deployment:
        assert deployment.run() > 0
        assert deployment.lose_disks() >= 5, "the run and its steps have disks of their own"
        assert deployment.run() == 0
        deployment.lose_disks()
        add_a_visit(deployment)

        assert deployment.run() == 1
        pages = [event.props["Page"] for event in deployment.sandbox.events()]
    assert sorted(map(str, pages)) == sorted(f"/page/{n}" for n in range(2501))


@contextlib.contextmanager
def workers(deployment: Deployment, count: int) -> Iterator[None]:
    with (deployment.root / "workers.log").open("wb") as log:
        broker = deployment.root / "broker"
        with celery_worker.running(broker, deployment.env, log.fileno(), count):
            yield


def test_celery_workers_share_nothing_but_the_store(tmp_path: Path, database: str) -> None:
    with deployed(tmp_path, database, CELERY) as deployment, workers(deployment, 2):
        assert deployment.run() > 0
        assert deployment.lose_disks() >= 4, "the run and its steps have disks of their own"

        assert deployment.run() == 0
        deployment.lose_disks()
        add_a_visit(deployment)
        assert deployment.run() == 1
        assert len(deployment.sandbox.events()) == 2501


@pytest.mark.bench
def test_the_example_runs_on_celery_workers(tmp_path: Path, database: str) -> None:
    (tmp_path / "example.py").write_text(EXAMPLE)
    with (
        prepared(tmp_path, database, "example", "__ASSET_JOB") as deployment,
        workers(deployment, 2),
    ):
        assert deployment.run() > 0
        assert deployment.lose_disks() >= 10, "the run and its steps have disks of their own"
        assert deployment.run() == 0
