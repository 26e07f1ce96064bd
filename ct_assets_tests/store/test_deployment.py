"""Code server, daemon and Celery workers as processes with disks of their own, which are wiped."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.scheduler.instigation import TickStatus

from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets_tests.clevertap.account import own_account
from ct_assets_tests.components import kit
from ct_assets_tests.components.serving import free_port
from ct_assets_tests.store import celery_worker, fast_clock

pytestmark = pytest.mark.bench
PROGRAMS = Path(sys.executable).parent
FACTOR = 5.0
"""By so much the daemon's clock is faster."""
MINUTES, LONGEST = 30, 600
"""By that clock: how long it goes on, and until when there have to be TICKS."""
TICKS = 3
DEFINITIONS = """\
import os
import tempfile
from pathlib import Path

# Each process that loads the project is a host: its disk is another one than the others have.
disk = tempfile.mkdtemp(dir=os.environ["DISKS"], prefix=f"{os.getpid()}-")
os.environ["CT_DATA_DIR"] = disk

import dagster as dg
import ct_assets
from ct_assets_tests.store.celery_worker import executor

defs = ct_assets.definitions(Path(__file__).parent, dg.Definitions(executor=executor()))
"""
DECLARED = """\
type: ct_assets.components.SourceTable
attributes: {{asset: shop/{name}, file: {name}.csv}}
---
type: ct_assets.components.ClevertapSync
attributes:
  name: {name}
  object: event
  source: shop/{name}
  event: {name}
  event_key: id
  identify_by: [{{identity: person}}]
  fields: {{Number: id}}
  ts: at
  trigger: {trigger}
"""
TICKED, FOLLOWING = "visits", "purchases"
ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dataclass
class Deployment:
    root: Path
    package: str
    sandbox: SandboxInTest
    database: str
    port: int = field(default_factory=free_port)
    wiped: int = 0
    _rows: Counter[str] = field(default_factory=Counter)

    @property
    def env(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
            "DAGSTER_HOME": str(self.root / "home"),
            "DISKS": str(self.root / "disks"),
            "PYTHONPATH": os.pathsep.join([str(self.root), os.environ.get("PYTHONPATH", "")]),
            "CT_DATABASE_URL": self.database,
            "CT_STORE_URL": str(self.root / "store"),
            "CLEVERTAP_API_URL": self.sandbox.url,
            "CLEVERTAP_ACCOUNT_ID": self.sandbox.account_id,
            "CLEVERTAP_PASSCODE": self.sandbox.passcode,
            celery_worker.BROKER: str(self.root / "broker"),
        }

    def add_a_row(self, name: str) -> None:
        """In one moment, as a file that is replaced."""
        self._rows[name] += 1
        rows = [f"{n},p{n},{1_700_000_000 + n}\n" for n in range(self._rows[name])]
        (self.root / "new.csv").write_text("id,person,at\n" + "".join(rows))
        (self.root / "new.csv").replace(self.root / f"{name}.csv")

    def expected(self, name: str) -> Counter[int]:
        return Counter(range(self._rows[name]))

    def arrived(self, name: str) -> Counter[int]:
        return Counter(
            int(str(each.props["Number"])) for each in self.sandbox.events() if each.name == name
        )

    def uploads(self, name: str) -> int:
        said = f'"evtName":"{name}"'.encode()
        return sum(said in request.body for request in self.sandbox.requests())

    def wipe(self) -> None:
        """Deletes the disk of the code server, and those of all processes that have ended."""
        disks = sorted((self.root / "disks").iterdir(), key=lambda path: path.stat().st_ctime)
        for number, disk in enumerate(disks):
            alive = Path(f"/proc/{disk.name.split('-')[0]}").exists()
            if number == 0 or not alive:
                self.wiped += 1
                for path in disk.iterdir():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                if not alive:
                    disk.rmdir()

    @contextlib.contextmanager
    def started(self, name: str, *command: str) -> Iterator[None]:
        with (self.root / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.root, env=self.env, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @contextlib.contextmanager
    def running(self) -> Iterator[dg.DagsterInstance]:
        dagster, python = str(PROGRAMS / "dagster"), sys.executable
        code = [dagster, "api", "grpc", "-m", f"{self.package}.definitions", "-h", "127.0.0.1"]
        daemon = [python, "-m", fast_clock.__name__, str(FACTOR), "dagster-daemon", "run"]
        broker, log = self.root / "broker", (self.root / "workers.log").open("wb")
        with (
            dg.DagsterInstance.from_config(str(self.root / "home")) as instance,
            celery_worker.running(broker, self.env, log.fileno(), count=2),
            self.started("code", *code, "-p", str(self.port)),
            self.started("daemon", *daemon, "-w", "workspace.yaml"),
        ):
            yield instance


def deployed(root: Path, sandbox: SandboxInTest, database: str) -> Deployment:
    triggers = {TICKED: '"*/5 * * * *"', FOLLOWING: "on_change"}
    files = {
        f"{name}/defs.yaml": DECLARED.format(name=name, trigger=trigger)
        for name, trigger in triggers.items()
    }
    package = kit.write(root, files)
    sys.path.remove(str(root))
    (package / "definitions.py").write_text(textwrap.dedent(DEFINITIONS))
    for folder in ("home", "disks"):
        (root / folder).mkdir()
    settings = {"telemetry": {"enabled": False}, "run_monitoring": {"enabled": False}}
    (root / "home" / "dagster.yaml").write_text(yaml.safe_dump(settings))
    found = Deployment(root, package.name, sandbox, database)
    server = {"host": "127.0.0.1", "port": found.port, "location_name": "shop"}
    (root / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
    return found


def ended(instance: dg.DagsterInstance) -> int:
    return instance.get_runs_count(dg.RunsFilter(statuses=list(ENDED)))


def under_way(instance: dg.DagsterInstance) -> int:
    return instance.get_runs_count() - ended(instance)


def asking_ticks(instance: dg.DagsterInstance) -> int:
    """Ticks of the schedule that asked for a run."""
    (state,) = (each for each in instance.all_instigator_state() if TICKED in each.instigator_name
                and each.instigator_type.value == "SCHEDULE")  # fmt: skip
    ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id)
    return sum(tick.status is TickStatus.SUCCESS for tick in ticks)


def ticked_runs(instance: dg.DagsterInstance) -> Sequence[dg.DagsterRun]:
    return instance.get_runs(dg.RunsFilter(job_name=f"{TICKED}_sync"))


def goes_on(instance: dg.DagsterInstance, minutes: float) -> bool:
    assert minutes < LONGEST
    return minutes < MINUTES or bool(under_way(instance)) or len(ticked_runs(instance)) < TICKS


def test_a_change_and_a_tick_lead_to_one_delivery_each(tmp_path: Path, database: str) -> None:
    (tmp_path / "clevertap").mkdir()
    with served(tmp_path / "clevertap", own_account()) as sandbox:
        deployment = deployed(tmp_path, sandbox, database)
        for name in (TICKED, FOLLOWING):
            deployment.add_a_row(name)
        changed, seen = 0, 0
        with deployment.running() as instance:
            began = time.monotonic()
            while goes_on(instance, (time.monotonic() - began) * FACTOR / 60):
                time.sleep(0.5)
                if ended(instance) == seen:
                    continue
                seen = ended(instance)
                deployment.wipe()
                deployment.add_a_row(TICKED)
                if not changed and deployment.arrived(FOLLOWING):
                    deployment.add_a_row(FOLLOWING)
                    changed += 1
            runs, ticks = ticked_runs(instance), asking_ticks(instance)

        assert all(run.status is dg.DagsterRunStatus.SUCCESS for run in runs)
        assert deployment.wiped > seen
        assert len(runs) == ticks == deployment.uploads(TICKED) >= TICKS
        assert deployment.arrived(TICKED) <= deployment.expected(TICKED)
        assert set(deployment.arrived(TICKED).values()) == {1}
        assert (changed, deployment.uploads(FOLLOWING)) == (1, 2)
        assert deployment.arrived(FOLLOWING) == deployment.expected(FOLLOWING) == Counter([0, 1])
