"""Engines of Dagster whose steps run in processes, each with a disk of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.components import kit

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
import yaml
from dagster_celery import celery_executor

with open("celery.yaml") as file:
    broker = yaml.safe_load(file)["execution"]["config"]
defs = dg.Definitions(executor=celery_executor.configured(broker))
"""
BROKER = """\
execution:
  config:
    broker: "filesystem://"
    backend: "file://{root}/results"
    config_source:
      broker_transport_options:
        data_folder_in: {root}/queue
        data_folder_out: {root}/queue
        control_folder: {root}/control
      worker_prefetch_multiplier: 1
      worker_max_tasks_per_child: 1
"""


@dataclass(frozen=True)
class Deployment:
    root: Path
    package: str
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
            "CLEVERTAP_API_URL": self.sandbox.url,
            "CLEVERTAP_ACCOUNT_ID": self.sandbox.account_id,
            "CLEVERTAP_PASSCODE": self.sandbox.passcode,
        }

    def run(self) -> int:
        """Runs the sync; returns the number of uploads that the server got."""
        before = self.uploads()
        command = [str(PROGRAMS / "dagster"), "job", "execute", "-j", "visits_sync"]
        done = subprocess.run(
            [*command, "-m", f"{self.package}.definitions"],
            cwd=self.root, env=self.env, capture_output=True, text=True, check=False,
            timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-5000:]
        return self.uploads() - before

    def uploads(self) -> int:
        return sum(request.path == "/1/upload" for request in self.sandbox.requests())

    def lose_disks(self) -> int:
        """Deletes all disks; returns how many there were."""
        disks = list(self.disks.iterdir())
        for disk in disks:
            shutil.rmtree(disk)
        return len(disks)


@contextlib.contextmanager
def deployed(root: Path, database: str, executor: str) -> Iterator[Deployment]:
    package = kit.write(root, {"visits/defs.yaml": VISITS, "engine.py": executor})
    sys.path.remove(str(root))
    (package / "definitions.py").write_text(textwrap.dedent(DEFINITIONS))
    rows = (f"{n},p{n % 7},/page/{n},{1_700_000_000 + n}\n" for n in range(2500))
    (root / "visit.csv").write_text("id,person,page,at\n" + "".join(rows))
    for folder in ("home", "disks", "clevertap", "queue", "control", "results"):
        (root / folder).mkdir()
    (root / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(root / "home")):
        pass  # makes its databases, which processes that start together would trip over
    with served(root / "clevertap") as sandbox:
        yield Deployment(root, package.name, sandbox, database)


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
    (deployment.root / "celery.yaml").write_text(BROKER.format(root=deployment.root))
    running = []
    try:
        for number in range(count):
            start = [
                str(PROGRAMS / "dagster-celery"),
                "worker",
                "start",
                "-A",
                "dagster_celery.app",
            ]
            log = (deployment.root / f"worker{number}.log").open("wb")
            running.append(
                subprocess.Popen(
                    [*start, "-y", "celery.yaml", "-n", f"worker{number}", "--", "-c", "1"],
                    cwd=deployment.root, env=deployment.env, stdout=log, stderr=log,
                    start_new_session=True,
                )
            )  # fmt: skip
        yield
    finally:
        for process in running:  # the command has started the worker as a child
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_celery_workers_share_nothing_but_the_store(tmp_path: Path, database: str) -> None:
    with deployed(tmp_path, database, CELERY) as deployment, workers(deployment, 2):
        assert deployment.run() > 0
        assert deployment.lose_disks() >= 4, "the run and its steps have disks of their own"

        assert deployment.run() == 0
        deployment.lose_disks()
        add_a_visit(deployment)
        assert deployment.run() == 1
        assert len(deployment.sandbox.events()) == 2501
