"""Staging keeps snapshots of assets as Parquet, immutable once published, found by a pointer.

    <root>/<key>/=<partition>/current.json             the pointer, swapped in one step
    <root>/<key>/=<partition>/<snapshot>/data.parquet  immutable; what else belongs to it is beside

Readers of a replaced snapshot are not disturbed: it stays for `retention` after its replacement.
So does what a run made of a range of partitions, once others are published and it is older than
that: later ranges overlap it, but hardly any is the same.
"""

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, unquote

import polars as pl

from ct_assets.errors import UserError
from ct_assets.files import have_same_files, held_dir, replacing, sweep, sync
from ct_assets.snapshot_meta import SnapshotMeta, from_json, to_json

DATA = "data.parquet"
POINTER = "current.json"
ROW_GROUP = 20_000
"""Rows that are decoded at once, with all their columns; several such groups are, while reading."""
RANGE = "..."
"""Between the first and the last of partitions that are staged as one."""


class NotStagedError(UserError):
    """An asset that is to be read has no snapshot yet."""

    def __init__(self, key: Sequence[str], partition: str | None) -> None:
        of = f", partition {partition}" if partition else ""
        super().__init__(f"{'/'.join(key)}{of}: nothing is staged yet; materialize it first")


@dataclass(frozen=True)
class Snapshot:
    """A published snapshot."""

    file: Path
    meta: SnapshotMeta = field(default_factory=SnapshotMeta)
    bring: Callable[[Path], None] | None = field(default=None, repr=False, compare=False)
    """Fetches the files of a folder, if they are kept elsewhere."""

    @property
    def path(self) -> Path:
        """Of its rows, which are there from now on."""
        if self.bring is not None:
            self.bring(self.folder)
        return self.file

    @property
    def folder(self) -> Path:
        return self.file.parent

    def scan(self) -> pl.LazyFrame:
        return scan(self.path)

    def beside(self, name: str) -> Path:
        return self.path.with_name(name)


@dataclass
class Draft:
    """A snapshot being written; `meta` becomes readable together with the files."""

    folder: Path
    meta: SnapshotMeta = field(default_factory=SnapshotMeta)

    @property
    def path(self) -> Path:
        return self.folder / DATA

    def sink(self, frame: pl.LazyFrame) -> None:
        sink(frame, self.path)

    def scan(self) -> pl.LazyFrame:
        return scan(self.path)


def scan(path: Path) -> pl.LazyFrame:
    """The rows of a Parquet file, without regard to what it says of the values in it.

    Polars would put conditions to the least and the greatest text of each part of the file, which
    are cut to 64 bytes: a CAST of what stands behind them fails.
    """
    return pl.scan_parquet(path, glob=False, use_statistics=False)


def height(path: Path) -> int:
    """How many rows a Parquet file has."""
    return int(scan(path).select(pl.len()).collect().item())


def sink(frame: pl.LazyFrame, path: Path) -> None:
    frame.sink_parquet(path, compression="lz4", row_group_size=ROW_GROUP, statistics=False)


@dataclass(frozen=True)
class Staging:
    root: Path
    retention: timedelta = timedelta(days=1)

    @contextlib.contextmanager
    def draft(self, key: Sequence[str], partition: str | None = None) -> Iterator[Draft]:
        """A folder to write to; it vanishes with the block unless it was published in it."""
        with held_dir(self._home(key, partition), f".{time.time_ns():x}-") as folder:
            yield Draft(folder)

    def publish(self, draft: Draft) -> Snapshot:
        """Make the draft the current snapshot of its asset.

        If the current one has the same files, it stays, with the meta of the draft.
        """
        home = draft.folder.parent
        replaced = self._pointed(home)
        if replaced and have_same_files(draft.folder, replaced):
            folder = replaced
        else:
            folder = _named(draft.folder)
        self._point(home, folder.name, draft.meta)
        if replaced:
            replaced.touch()  # its retention starts now, or anew
        self._collect(home)
        for other in home.parent.glob(f"=*{_quote(RANGE)}*"):
            if other != home:
                self._retire(other)
                self._collect(other)
        return Snapshot(folder / DATA, draft.meta)

    def current(self, key: Sequence[str], partition: str | None = None) -> Snapshot:
        try:
            return _snapshot(self._home(key, partition))
        except FileNotFoundError:
            raise NotStagedError(key, partition) from None

    def current_or_none(self, key: Sequence[str]) -> Snapshot | None:
        try:
            return self.current(key)
        except NotStagedError:
            return None

    def latest(self, key: Sequence[str]) -> Snapshot:
        """The current snapshot of whichever partition was published last."""
        pointers = self._home(key, None).parent.glob(f"=*/{POINTER}")
        newest = max(pointers, key=lambda path: path.stat().st_mtime, default=None)
        if newest is None:
            raise NotStagedError(key, None)
        return _snapshot(newest.parent)

    def name_of(self, snapshot: Snapshot) -> str | None:
        """A name by which the snapshot is found while it is kept; None of one of another folder."""
        folder = snapshot.folder
        return str(folder.relative_to(self.root)) if folder.is_relative_to(self.root) else None

    def named(self, name: str) -> pl.LazyFrame | None:
        """The rows of a snapshot by its name; None once it was removed."""
        path = self.root / name / DATA
        return scan(path) if path.is_file() else None

    def snapshots(self, key: Sequence[str]) -> list[Path]:
        """The files of all snapshots of an asset, of every partition, replaced ones too."""
        folder = self._home(key, None).parent
        return sorted(p for p in folder.glob(f"=*/*/{DATA}") if not p.parent.name.startswith("."))

    def sweep(self, key: Sequence[str]) -> None:
        """Remove drafts of an asset that killed runs have left, of every partition."""
        sweep(self._home(key, None).parent.glob("=*/.*-*"))

    def meta(self, key: Sequence[str], partition: str | None = None) -> SnapshotMeta:
        """Of the current snapshot; an empty one if there is none."""
        try:
            return self.current(key, partition).meta
        except NotStagedError:
            return SnapshotMeta()

    def latest_meta(self, key: Sequence[str]) -> SnapshotMeta:
        """Of the snapshot that was published last; an empty one if there is none."""
        try:
            return self.latest(key).meta
        except NotStagedError:
            return SnapshotMeta()

    def partitions(self, key: Sequence[str]) -> list[str | None]:
        """All that were staged; None is the whole of an asset without any."""
        pointers = self._home(key, None).parent.glob(f"=*/{POINTER}")
        return [partition_of(name) for name in sorted(p.parent.name for p in pointers)]

    def amend(self, key: Sequence[str], partition: str | None, meta: SnapshotMeta) -> None:
        """Replace the meta of the current snapshot."""
        current = self.current(key, partition)
        self._point(self._home(key, partition), current.folder.name, meta)

    def keep_edits(self, key: Sequence[str]) -> None:
        """Has everybody read the files of `snapshots` that were changed in place."""

    @property
    def mark(self) -> str:
        """Tells this folder from others where no path of a machine is to be seen."""
        return hashlib.blake2b(str(self.root.absolute()).encode(), digest_size=4).hexdigest()

    def place(self, snapshot: Snapshot) -> str:
        """Where it is kept: the mark of the folder, and its name in it."""
        return f"{self.mark}/{self.name_of(snapshot)}"

    def knows(self, key: Sequence[str]) -> bool:
        """Whether anything was staged of it, in whichever partition."""
        return any(self._home(key, None).parent.glob(f"=*/{POINTER}"))

    def _home(self, key: Sequence[str], partition: str | None) -> Path:
        parts = (_quote(part) for part in key)
        return self.root.joinpath(*parts, f"={_quote(partition or '')}")

    def _point(self, home: Path, snapshot: str, meta: SnapshotMeta) -> None:
        with replacing(home / POINTER) as partial:
            partial.write_text(json.dumps({"snapshot": snapshot, "meta": to_json(meta)}))

    def _pointed(self, home: Path) -> Path | None:
        with contextlib.suppress(FileNotFoundError, ValueError, LookupError, TypeError):
            return home / str(json.loads((home / POINTER).read_text())["snapshot"])
        return None

    def _retire(self, home: Path) -> None:
        """Point to the current snapshot no more if it is older than `retention`."""
        current = self._pointed(home)
        if current and self._is_old(current):
            current.touch()
            (home / POINTER).unlink(missing_ok=True)

    def _collect(self, home: Path) -> None:
        """Remove what dead runs left half written, and after `retention` what is not current."""
        sweep(home.glob(".*-*"))
        current = self._pointed(home)
        for folder in home.glob("[!.]*"):  # a draft that is left is being written
            if folder.is_dir() and folder != current and self._is_old(folder):
                shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            home.rmdir()  # if nothing is in it

    def _is_old(self, snapshot: Path) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return snapshot.stat().st_mtime < time.time() - self.retention.total_seconds()
        return False


def partition_of(home: str) -> str | None:
    """The partition of a folder such as `=2026-01-01`; None is the whole of an asset."""
    return unquote(home[1:]) or None


def is_range(home: str) -> bool:
    """Whether it is the folder of partitions that were staged as one."""
    return _quote(RANGE) in home


def pointed_to(home: Path, pointer: bytes, shown: str) -> Snapshot:
    """The snapshot in `home` that a pointer names; texts show where that is.

    Raises:
        UserError: It is damaged, or of a newer version.
    """
    try:
        known = json.loads(pointer)
        return Snapshot(home / known["snapshot"] / DATA, from_json(known["meta"]))
    except UserError as error:
        raise UserError(f"{shown}: {error}") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(
            f"{shown}/{POINTER} is damaged ({type(error).__name__}); remove {shown} and "
            "materialize the asset again"
        ) from None


def _named(draft: Path) -> Path:
    """The folder of a draft under its final name, safe on the disk."""
    for file in draft.iterdir():
        file.chmod(0o600)
        sync(file)
    return draft.rename(draft.with_name(draft.name.removeprefix(".")))


def _snapshot(home: Path) -> Snapshot:
    return pointed_to(home, (home / POINTER).read_bytes(), str(home))


def _quote(part: str) -> str:
    """A name for a folder; never one with a bare `=`, which marks a partition."""
    return quote(part, safe=" ").replace(".", "%2E")
