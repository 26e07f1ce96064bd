"""Staged rows that are lost, old, torn or foreign: nothing that was acknowledged leaves again."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

import polars as pl
import pytest

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import sandbox_destination
from ct_assets.components.assets.split.split_step import split_into
from ct_assets.delivery import deliver
from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.sender.limits import account_slots
from ct_assets.delivery.state.sync_files import OUTBOX
from ct_assets.errors import UserError
from ct_assets.io_managers import delivery_requests
from ct_assets.io_managers.delivery_requests import DeliveryOptions, Upload
from ct_assets.mapping import Sync, parse
from ct_assets.sandbox.testing import SandboxInTest, served
from ct_assets.snapshot_meta import SnapshotMeta
from ct_assets.staging import DATA, POINTER, Staging
from ct_assets_tests.delivery import lost

ROWS = pl.LazyFrame({"id": [f"k{n}" for n in range(200)], "at": [1_700_000_000] * 200})
FIRST = ROWS.head(150)


def declared(kind: str, on_unknown: str, name: str) -> Sync:
    event = {"event": "Visited", "event_key": "id", "ts": "at", "on_unknown": on_unknown}
    return parse(
        {
            "name": name,
            "object": kind,
            "source": "shop/visit",
            "identify_by": [{"identity": "id"}],
            "fields": {"Key": "id"},
            **(event if kind == "event" else {}),
        }
    )


OTHERS = declared("event", "resend", "others")


class Project:
    """A sync that delivered some rows, then more; `killed`: before that was settled."""

    def __init__(
        self, folder: Path, sync: Sync, sandbox: SandboxInTest, *, killed: bool = False
    ) -> None:
        self.staging = Staging(folder / "staging")
        self.sync, self.sandbox = sync, sandbox
        self.destination = sandbox_destination(sandbox.url, sandbox.id)
        self.older = self.stage(FIRST)
        self.upload()
        self.folder = self.stage(ROWS)
        with self._kill() if killed else contextlib.nullcontext():
            self.upload()
        assert bool([*folder.rglob(OUTBOX)]) is killed
        self.kept = lost.copy(self.staging.root, folder / "kept")

    @contextlib.contextmanager
    def _kill(self) -> Iterator[None]:
        with (
            mock.patch(
                "ct_assets.delivery.delivery_run.settle_delivery", side_effect=KeyboardInterrupt
            ),
            contextlib.suppress(KeyboardInterrupt),
        ):
            yield

    def stage(self, rows: pl.LazyFrame, sync: Sync | None = None) -> Path:
        sync = sync or self.sync
        with (
            self.staging.draft((sync.name, "valid")) as valid,
            self.staging.draft((sync.name, "rejected")) as rejected,
        ):
            valid.meta = SnapshotMeta(split=split_into(sync, rows, valid, rejected))
            return self.staging.publish(valid).folder

    def upload(self) -> None:
        """As a run of `<sync>/clevertap` alone."""
        valid = self.staging.current((self.sync.name, "valid"))
        upload = Upload(self.sync, valid, DeliveryOptions())
        delivery_requests.check_staged(upload)
        month = timedelta(days=30)
        request = delivery_requests.request(upload, self.destination.name, "run", month)
        with Client(self.destination) as client:
            deliver(request, client)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxInTest]:
    with served(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(
    scope="module",
    params=[
        *("event resend", "event park", "profile resend", "profile park"),
        *("event resend killed", "event park killed"),
    ],
)
def made(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    sandbox: SandboxInTest,
) -> Iterator[Project]:
    kind, on_unknown, *killed = request.param.split()
    name = "_".join(request.param.split())
    folder = tmp_path_factory.mktemp(name)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CT_DATA_DIR", str(folder / "data"))
        patched.setattr(account_slots, "ROOT", folder / "slots")
        patched.setattr(account_witness, "ROOT", folder / "slots" / "states")
        sync = declared(kind, on_unknown, f"visits_{name}")
        yield Project(folder, sync, sandbox, killed=bool(killed))


@pytest.fixture(autouse=True)
def notes_of_states() -> None:
    """Those of this module lie beside the projects."""


@pytest.fixture
def project(made: Project) -> Project:
    lost.copy(made.kept, made.staging.root)
    return made


def loses(project: Project, how: str) -> str | None:
    """What a person is told; None if nothing is wrong."""
    pointer, data = project.folder.parent / POINTER, project.folder / DATA
    name, again = project.sync.name, "Materialize it again, whole"
    not_written = f"{name} is not sent: {DATA} of {name}/valid is not as it was written. {again}"
    match how:
        case "pointer deleted":
            pointer.unlink()
            return f"{name}/valid: nothing is staged yet; materialize it first"
        case "pointer damaged":
            pointer.write_bytes(pointer.read_bytes()[:40])
            return f"{pointer} is damaged (JSONDecodeError); remove {pointer.parent} and materiali"
        case "deleted":
            data.unlink()
            return f"{name} is not sent: {DATA} of {name}/valid is missing. {again}"
        case "older rows":
            data.write_bytes((project.older / DATA).read_bytes())
            return not_written
        case "older":
            project.stage(FIRST)
        case "truncated":
            data.write_bytes(data.read_bytes()[:-100])
            return not_written
        case "flipped":
            content = bytearray(data.read_bytes())
            content[40] ^= 1  # in a value: Parquet has no checksum that would tell
            data.write_bytes(content)
            return not_written
        case "of another sync":
            project.stage(ROWS.with_columns(id="x" + pl.col("id")), OTHERS)
            lost.copy(project.staging.current(("others", "valid")).folder.parent, pointer.parent)
            return f"{name} is not sent: {name}/valid has rows of others. {again}"
    return None


@pytest.mark.parametrize(
    "how",
    [
        *("pointer deleted", "pointer damaged", "deleted", "older rows", "older", "truncated"),
        *("flipped", "of another sync"),
    ],
)
def test_what_is_staged_is_sent_as_it_was_written_or_not_at_all(project: Project, how: str) -> None:
    told, requests = loses(project, how), len(project.sandbox.requests())

    with pytest.raises(UserError) if told else contextlib.nullcontext() as stopped:
        project.upload()

    assert (told or "") in str(stopped.value if stopped else "")
    assert len(project.sandbox.requests()) == requests


def test_rows_that_somebody_else_has_staged(project: Project) -> None:
    name, folder, requests = project.sync.name, project.kept.parent, len(project.sandbox.requests())
    for above in (folder, *folder.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o055)

    with (
        lost.forbidden(folder, [project.folder / DATA]),
        pytest.raises(UserError, match=rf"{DATA} of {name}/valid is unreadable \(Permission"),
    ):
        project.upload()

    assert len(project.sandbox.requests()) == requests


def test_staging_it_again_mends_it(project: Project) -> None:
    loses(project, "pointer damaged")
    requests = len(project.sandbox.requests())

    project.stage(ROWS)
    project.upload()

    assert len(project.sandbox.requests()) == requests
