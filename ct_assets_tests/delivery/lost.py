"""Ways in which a file of the state is lost, and states that were lost in each of them."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from ct_assets.clevertap.client import Client
from ct_assets.delivery import DeliveryFailed
from ct_assets.delivery.sender import account_witness
from ct_assets.errors import UserError
from ct_assets.sandbox.faults import FaultName
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import EVENTS, PROFILES, Row, Sync, event, profile

FILES = {
    "state": ("state.duckdb", "state.duckdb.wal"),
    "ledger": ("sends.sqlite", "sends.sqlite-wal", "sends.sqlite-shm"),
    "wal": ("sends.sqlite-wal",),
    "outbox": ("outbox.parquet",),
    "reports": ("reports",),
    "folder": ("",),
}


def copy(home: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(home, to)
    return to


def delete(home: Path, part: str) -> None:
    for name in FILES[part]:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def put_back(home: Path, part: str, source: Path) -> None:
    """What lies in `source`, such as an older copy, instead of what is there."""
    delete(home, part)
    for name in FILES[part]:
        if (source / name).is_dir():
            shutil.copytree(source / name, home / name)
        elif (source / name).exists():
            shutil.copyfile(source / name, home / name)


def files(home: Path, part: str) -> list[Path]:
    paths = [home / name for name in FILES[part]]
    found = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))]
    return [path for path in found if path.is_file() and path.name != "previous.parquet"]


def truncate(home: Path, part: str) -> None:
    for path in files(home, part):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])


def flip(home: Path, part: str) -> None:
    """Every 97th byte of the second half, and some of the first."""
    for path in files(home, part):
        content = bytearray(path.read_bytes())
        for at in [*range(1024, len(content), 997), *range(len(content) // 2, len(content), 97)]:
            content[at] ^= 0xFF
        path.write_bytes(bytes(content))


NOBODY = 65534


@contextlib.contextmanager
def owned_by_another(folder: Path, home: Path, part: str) -> Iterator[None]:
    """As a user who may use all files below `folder`, but for those of the part."""
    with forbidden(folder, [path for name in FILES[part] if (path := home / name).exists()]):
        yield


@contextlib.contextmanager
def forbidden(folder: Path, paths: Sequence[Path]) -> Iterator[None]:
    """As a user who may use all files below `folder`, but for these."""
    is_root = os.geteuid() == 0
    for path in (folder, *folder.rglob("*")) if is_root else ():
        os.chown(path, NOBODY, NOBODY)
    for path in paths:
        path.chmod(0)
        if is_root:
            os.chown(path, 0, 0)
    try:
        if is_root:
            os.seteuid(NOBODY)
        yield
    finally:
        if is_root:
            os.seteuid(0)
        for path in paths:
            path.chmod(0o700 if path.is_dir() else 0o600)


BEFORE, SECOND = 4, 8
"""Rows of the first delivery, and of both."""


class LostSync:
    """A sync that delivered some rows, then more, to the end that `moment` says."""

    def __init__(
        self,
        folder: Path,
        server: SandboxInTest,
        name: str,
        moment: str,
        *,
        client: Client,
        account: str = "",
        **policy: Any,
    ) -> None:
        """`account`: another one, which this server is taken for."""
        folder.mkdir(parents=True)
        self.kind = policy["object"]
        base = PROFILES if self.kind == "profile" else EVENTS
        self.sync = Sync(folder, replace(base, sync=name, **policy), server)
        self.sync.client = client
        if account:
            self.sync.home = folder / "state" / account / name
        self.mark = folder.name
        self.server = server
        self._note.unlink(missing_ok=True)  # of another one of that name, at the same account
        self.sync.run(self.rows(BEFORE))
        self.older = copy(self.home, folder / "older")
        self._deliver(moment)
        self.known = set(self._accepted())
        """Keys that CleverTap has acknowledged."""
        self.kept = copy(self.home, folder / "kept")
        self.note = self._note.read_bytes()
        self.request = self.sync.request(self.rows())

    @property
    def home(self) -> Path:
        return self.sync.home

    def rows(self, until: int = SECOND) -> list[Row]:
        keys = [f"{self.mark}-{n}" for n in range(until)]
        if self.kind == "event":
            return [event(key, str(n), Key=key) for n, key in enumerate(keys)]
        return [profile(key, Name="Li") for key in keys]

    def _deliver(self, moment: str) -> None:
        match moment:
            case "finished":
                self.sync.run(self.rows())
            case "killed":
                self.sync.run_until_fold(self.rows())
            case "between":  # one request is answered, and no other one is taken
                revoked: list[FaultName] = ["revoked"] * 20
                self.server.faults.script("ok", *revoked)
                self.sync.run_until_fold(self.rows())
                self.server.faults.clear()

    @property
    def _note(self) -> Path:
        return account_witness.path_of(self.home.parent.name, self.home.name)

    def as_it_was(self) -> None:
        copy(self.kept, self.home)
        self._note.write_bytes(self.note)
        self.asked = len(self.server.requests())

    def sent_again(self) -> list[str]:
        """Keys that had been acknowledged, and were sent since."""
        later = self.server.requests()[self.asked :]
        return [key for request in later for key in self._keys(request.body) if key in self.known]

    def _accepted(self) -> Iterator[str]:
        for request in self.server.requests():
            if request.status == 200:
                yield from self._keys(request.body)

    def _keys(self, body: bytes) -> Iterator[str]:
        for record in orjson.loads(body)["d"] if body else ():
            key = record["evtData"]["Key"] if record["type"] == "event" else record["identity"]
            if key.startswith(self.mark):
                yield key

    def run(self, **options: Any) -> list[str]:
        """What a person is told by the next run."""
        try:
            return list(self.sync.send(replace(self.request, **options)).notes)
        except DeliveryFailed as error:
            return [str(error)]
        except UserError as error:
            return [f"stopped: {error}"]


ANOTHER_SYNC, ANOTHER_ACCOUNT, ANOTHER_USER = "another sync", "another account", "another user"
HOWS = (
    *("deleted", "older", "truncated", "flipped"),
    *(ANOTHER_SYNC, ANOTHER_ACCOUNT, ANOTHER_USER),
)


Made = Callable[..., LostSync]


def lose(case: LostSync, part: str, how: str, made: Made) -> str:
    """The label of the other state, if one is involved."""
    match how:
        case "deleted":
            delete(case.home, part)
        case "older":
            put_back(case.home, part, case.older)
        case "truncated":
            truncate(case.home, part)
        case "flipped":
            flip(case.home, part)
        case "another sync" | "another account":
            another = {"name": "other"} if how == ANOTHER_SYNC else {"account": "other"}
            other = made("killed", **another, object=case.kind)  # which has all files
            put_back(case.home, part, other.home)
            return f"{other.home.parent.name}/{other.home.name}"
    return ""


def is_there(case: LostSync, part: str, how: str) -> bool:
    """Whether there is anything to lose: a finished delivery has no outbox, and no log."""
    if part == "outbox" and how in (ANOTHER_SYNC, ANOTHER_ACCOUNT):
        return True
    if part in ("wal", "outbox"):
        return (case.home / FILES[part][0]).exists()
    return how != "older" or files(case.older, part) != []
