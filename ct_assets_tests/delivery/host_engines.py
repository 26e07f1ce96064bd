"""Engines start the deliveries of a storm: a bare process, a Dagster run, a run on Celery workers.

Run as a module it is a Dagster run whose steps a Celery worker takes, which ends with it.
"""

import csv
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import dagster as dg

from ct_assets.clevertap.destination import (
    Destination,
    sandbox_destination,
)
from ct_assets_tests.clevertap.account import destination_from_env
from ct_assets_tests.delivery import crash, storm
from ct_assets_tests.delivery.crash import Server
from ct_assets_tests.delivery.hosts import Host
from ct_assets_tests.delivery.kit import event, snapshot
from ct_assets_tests.store import celery_worker

PROGRAMS = Path(sys.executable).parent
PROJECT = "storm_project"
DISKS = "STORM_DISKS"
DEFINITIONS = """\
import os
import tempfile
from pathlib import Path

# Each process that loads the project is a host: its disk is another one than the others have.
disk = Path(tempfile.mkdtemp(dir=os.environ["STORM_DISKS"]))
os.environ["CT_DATA_DIR"] = str(disk)

import dagster as dg
import ct_assets
from ct_assets_tests.delivery.crash import watched
from ct_assets_tests.delivery.hosts import own_slots
from ct_assets_tests.store.celery_worker import executor

own_slots(disk / "slots")
watched()
executors = {"executor": executor()} if "STORM_CELERY" in os.environ else {}
defs = ct_assets.definitions(Path(__file__).parent, dg.Definitions(**executors))
"""


@dataclass(frozen=True)
class Order:
    """A delivery that a host is to make."""

    host: Host
    folder: Path
    """Where the sync is declared."""
    sync: str
    server: Server
    on_unknown: str


class Engine(Protocol):
    name: str

    def declare(self, folder: Path, sync: str, on_unknown: str, events: int) -> None:
        """Writes the declaration of a sync, and its source."""

    def command(self, order: Order) -> tuple[list[str], Mapping[str, str]]:
        """The command line of a delivery, and its environment."""

    def destination(self, server: Server) -> Destination: ...


def _rows(sync: str, events: int) -> list[tuple[str, str, int]]:
    return [(f"{sync}-{n}", f"p{n % 997}", 1_600_000_000 + n) for n in range(events)]


class BareProcess:
    name = "process"

    def declare(self, folder: Path, sync: str, on_unknown: str, events: int) -> None:  # noqa: ARG002
        rows = [event(key, identity=p, ts=ts, Key=key) for key, p, ts in _rows(sync, events)]
        snapshot(folder / f"{sync}.parquet", rows)

    def command(self, order: Order) -> tuple[list[str], Mapping[str, str]]:
        source = order.folder / f"{order.sync}.parquet"
        line = order.host.command(order.sync, source, order.server, order.on_unknown)
        return line, order.host.env

    def destination(self, server: Server) -> Destination:
        return sandbox_destination(server.address.url, server.address.id)


class DagsterRun:
    name = "dagster"

    def declare(self, folder: Path, sync: str, on_unknown: str, events: int) -> None:
        package = folder / PROJECT
        (package / "defs" / "sync").mkdir(parents=True, exist_ok=True)
        for path in (package / "__init__.py", package / "defs" / "__init__.py"):
            path.touch()
        (folder / "pyproject.toml").write_text(
            f'[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "{PROJECT}"\n'
        )
        (package / "definitions.py").write_text(DEFINITIONS)
        (package / "defs" / "sync" / "defs.yaml").write_text(
            storm.DECLARED.format(sync=sync, on_unknown=on_unknown)
        )
        with (folder / f"{sync}.csv").open("w") as file:
            csv.writer(file).writerows([("key", "person", "at"), *_rows(sync, events)])

    def command(self, order: Order) -> tuple[list[str], Mapping[str, str]]:
        return _job(order.sync), self._env(order, order.host.disk / "home")

    def _env(self, order: Order, home: Path) -> Mapping[str, str]:
        disks = order.host.disk / "disks"
        disks.mkdir(parents=True, exist_ok=True)
        home.mkdir(exist_ok=True)
        (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        if not (home / "history").exists():  # processes that start together would trip over it
            with dg.DagsterInstance.from_config(str(home)):
                pass
        return {
            **order.host.env,
            **_account(order.server),
            "PATH": os.pathsep.join([str(PROGRAMS), os.environ["PATH"]]),
            "DAGSTER_HOME": str(home),
            "PYTHONPATH": os.pathsep.join(
                [str(order.folder), str(Path(crash.__file__).parents[2])]
            ),
            DISKS: str(disks),
        }

    def destination(self, server: Server) -> Destination:
        found = destination_from_env(environ=_account(server))
        assert found
        return found


class CeleryRun(DagsterRun):
    """The hosts of a run and of its steps share what Dagster knows, which outlives them."""

    name = "celery"

    def command(self, order: Order) -> tuple[list[str], Mapping[str, str]]:
        env = self._env(order, order.folder / "celery_home")
        return (
            [sys.executable, "-m", __name__, *_job(order.sync)],
            {**env, "STORM_CELERY": "1", celery_worker.BROKER: str(order.host.disk / "broker")},
        )


def _job(sync: str) -> list[str]:
    program = str(PROGRAMS / "dagster")
    return [program, "job", "execute", "-j", f"{sync}_sync", "-m", f"{PROJECT}.definitions"]


def _account(server: Server) -> Mapping[str, str]:
    return {
        "CLEVERTAP_API_URL": server.address.url,
        "CLEVERTAP_ACCOUNT_ID": server.address.account_id,
        "CLEVERTAP_PASSCODE": server.address.passcode,
    }


def main() -> None:
    """All in one process group, so that one kill ends the hosts of all steps."""
    if pipe := os.environ.get(crash.PIPE):
        os.environ[crash.PIPE] = f"/proc/{os.getpid()}/fd/{pipe}"
    broker = Path(os.environ[celery_worker.BROKER])
    with celery_worker.running(broker, os.environ, sys.stdout.fileno()):
        done = subprocess.run(sys.argv[1:], check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
