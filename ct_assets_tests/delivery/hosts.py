"""Hosts that share a Postgres and a folder: processes with a disk of their own, killed and wiped.

Run as a module it is one delivery on one of them.
"""

import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination, sandbox_destination
from ct_assets.delivery import DeliveryFailed, DeliveryRequest, deliver
from ct_assets.delivery.delivery_request import Policy
from ct_assets.delivery.operations import parked_records
from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.sender.limits import account_slots, hosts_slots
from ct_assets.errors import UserError
from ct_assets_tests.delivery import crash
from ct_assets_tests.delivery.crash import Server
from ct_assets_tests.delivery.kit import EVENTS

SLOTS = "HOST_SLOTS"


@dataclass
class Host:
    """A disk, and the environment of processes on it."""

    disk: Path
    database: str
    bucket: str
    lease: float = 20.0

    @property
    def env(self) -> Mapping[str, str]:
        (self.disk / "tmp").mkdir(parents=True, exist_ok=True)
        return {
            **os.environ,
            "CT_DATABASE_URL": self.database,
            "CT_STORE_URL": self.bucket,
            "CT_LEASE_SECONDS": str(self.lease),
            "CT_DATA_DIR": str(self.disk),
            "TMPDIR": str(self.disk / "tmp"),
            "HOME": str(self.disk),
            SLOTS: str(self.disk / "slots"),
        }

    def command(self, sync: str, source: Path, server: Server, on_unknown: str) -> list[str]:
        address = server.address
        return [
            *(sys.executable, "-m", __name__, sync, str(source), on_unknown),
            *(address.url, address.id),
        ]

    def wipe(self) -> None:
        shutil.rmtree(self.disk, ignore_errors=True)


def declared(sync: str, on_unknown: str, to: Destination) -> tuple[Path, Policy]:
    """Where the state of a sync lies on the host of this process, and how it is declared."""
    policy = replace(EVENTS, sync=sync, on_unknown="park" if on_unknown == "park" else "resend")
    return Path(os.environ["CT_DATA_DIR"]).resolve() / "state" / to.name / sync, policy


def parked(sync: str, on_unknown: str, to: Destination) -> set[str]:
    """Keys that the host of this process lists as parked."""
    return set(parked_records.listing(*declared(sync, on_unknown, to))["key"])


def own_slots(root: Path) -> None:
    """Has this process be on another host than the machine, whose slots it knows nothing of."""
    account_slots.ROOT = root
    account_witness.ROOT = root / "states"
    vars(hosts_slots)["upload_slots"] = functools.partial(account_slots.upload_slots, root=root)


def started(host: Host, command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command, env=host.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(process: "subprocess.Popen[str]", seconds: float = 120) -> str:
    """What it said; it is killed if it does not end."""
    try:
        said, _ = process.communicate(timeout=seconds)
        return said
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()


def main() -> None:
    crash.watched()
    sync, source, on_unknown, url, sandbox_id = sys.argv[1:]
    own_slots(Path(os.environ[SLOTS]))
    to = sandbox_destination(url, sandbox_id)
    home, policy = declared(sync, on_unknown, to)
    request = DeliveryRequest(home=home, valid=Path(source), policy=policy, run="hosts")
    try:
        with Client(to) as client:
            result = deliver(request, client)
            said = f"sent {result.counts.acked}"
    except DeliveryFailed as error:
        said = f"failed: {error}"
    except UserError as error:
        said = f"stopped: {error}"
    sys.stdout.write(said)


if __name__ == "__main__":
    main()
