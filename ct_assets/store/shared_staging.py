"""SharedStaging publishes snapshots as objects, so that any host reads what another has staged.

    staging/<key>/=<partition>/current.json             the pointer, with the names of the files
    staging/<key>/=<partition>/<snapshot>/data.parquet  immutable; what else belongs to it is beside

The folder of `Staging` is a cache of it, from which anything may vanish at any moment. Ages are
those of the store's clock.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from ct_assets.files import have_same_files, sweep
from ct_assets.snapshot_meta import SnapshotMeta, to_json
from ct_assets.staging import (
    DATA,
    POINTER,
    Draft,
    NotStagedError,
    Snapshot,
    Staging,
    is_range,
    partition_of,
    pointed_to,
    scan,
)
from ct_assets.store import held_copies
from ct_assets.store.objects import ObjectMissing, Objects
from ct_assets.store.staged_objects import StagedObjects

PREFIX = "staging"
INTACT = 0o400
"""The mode of a copy as it was fetched; one that took its place may be written to."""


@dataclass(frozen=True)
class SharedStaging(Staging):
    objects: Objects = field(kw_only=True)
    cache_bytes: int = field(kw_only=True)

    def publish(self, draft: Draft) -> Snapshot:
        files: Mapping[str, int]
        same = self._current_with_files_of(draft)
        folder = same or draft.folder.with_name(draft.folder.name.removeprefix("."))
        if same:
            files = {file.name: file.stat().st_size for file in same.iterdir()}
        else:
            files = self._upload(draft.folder, folder)
            draft.folder.rename(folder)
            held_copies.adopt(folder)
        self._put_pointer(folder, to_json(draft.meta), files)
        self._collect_all(folder)
        return Snapshot(folder / DATA, draft.meta, partial(self._bring, files))

    def current(self, key: Sequence[str], partition: str | None = None) -> Snapshot:
        try:
            return self._current_of(self._home(key, partition))
        except ObjectMissing:
            raise NotStagedError(key, partition) from None

    def latest(self, key: Sequence[str]) -> Snapshot:
        asset = self._asset(key)
        pointers = self._listed(asset).pointers
        newest = max(pointers.values(), default=None)
        found = []
        for home in (home for home, written in pointers.items() if written == newest):
            with contextlib.suppress(ObjectMissing):  # retired meanwhile
                found.append(self._current_of(asset / home))
        if not found:
            raise NotStagedError(key, None)
        # Several, if the store counts whole seconds.
        return max(found, key=lambda snapshot: snapshot.folder.name)

    def named(self, name: str) -> pl.LazyFrame | None:
        folder = self.root / name
        prefix = f"{self._name(folder)}/"
        files = {e.name.removeprefix(prefix): e.size for e in self.objects.entries(prefix)}
        if DATA not in files:
            return None
        self._bring(files, folder)
        return scan(folder / DATA)

    def snapshots(self, key: Sequence[str]) -> list[Path]:
        """Copies of the files of all snapshots of an asset that are in the store."""
        asset, found = self._asset(key), []
        for snapshot in self._listed(asset).snapshots:
            with contextlib.suppress(ObjectMissing):  # collected meanwhile
                self._bring(snapshot.files, asset / snapshot.folder)
                found.append(asset / snapshot.folder / DATA)
        return sorted(found)

    def partitions(self, key: Sequence[str]) -> list[str | None]:
        return [partition_of(home.name) for home in sorted(self._listed(self._asset(key)).pointers)]

    def knows(self, key: Sequence[str]) -> bool:
        return bool(self._listed(self._asset(key)).pointers)

    def amend(self, key: Sequence[str], partition: str | None, meta: SnapshotMeta) -> None:
        home = self._home(key, partition)
        pointer = self._pointer(home)
        self._put_pointer(home / pointer["snapshot"], to_json(meta), pointer["files"])

    def keep_edits(self, key: Sequence[str]) -> None:
        """Has copies that were changed take the place of their objects.

        The current snapshot of a partition gets a new name, so that no host goes on with a copy of
        the old one; replaced ones are removed.
        """
        asset = self._asset(key)
        for snapshot in self._listed(asset).snapshots:
            folder = asset / snapshot.folder
            if any(_is_edited(folder / name) for name in snapshot.files):
                self._keep_edited(folder)
                self._remove(folder, snapshot.files)

    def place(self, snapshot: Snapshot) -> str:
        return self._name(snapshot.file)

    def _current_with_files_of(self, draft: Draft) -> Path | None:
        """The folder of the current snapshot, if the copies of it here are the files of a draft."""
        with contextlib.suppress(ObjectMissing, ValueError, LookupError, TypeError):
            pointer = self._pointer(draft.folder.parent)
            folder = draft.folder.with_name(pointer["snapshot"])
            intact = all(_is_intact(folder / name, size) for name, size in pointer["files"].items())
            if intact and have_same_files(draft.folder, folder):
                return folder
        return None

    def _keep_edited(self, folder: Path) -> None:
        with contextlib.suppress(ObjectMissing):
            pointer = self._pointer(folder.parent)
            if pointer["snapshot"] == folder.name:
                new = folder.with_name(f"{time.time_ns():x}-{uuid.uuid4().hex[:12]}")
                self._put_pointer(new, pointer["meta"], self._upload(folder, new))

    def _asset(self, key: Sequence[str]) -> Path:
        return self._home(key, None).parent

    def _name(self, path: Path) -> str:
        return f"{PREFIX}/{path.relative_to(self.root).as_posix()}"

    def _listed(self, asset: Path) -> StagedObjects:
        prefix = f"{self._name(asset)}/"
        return StagedObjects.of(prefix, self.objects.entries(prefix))

    def _current_of(self, home: Path) -> Snapshot:
        pointer = self.objects.get_bytes(self._name(home / POINTER))
        snapshot = pointed_to(home, pointer, f"{self.objects.place}/{self._name(home)}")
        return replace(snapshot, bring=partial(self._bring, json.loads(pointer)["files"]))

    def _pointer(self, home: Path) -> dict[str, Any]:
        pointer: dict[str, Any] = json.loads(self.objects.get_bytes(self._name(home / POINTER)))
        return pointer

    def _put_pointer(self, folder: Path, meta: Mapping[str, Any], files: Mapping[str, int]) -> None:
        pointer = {"snapshot": folder.name, "meta": meta, "files": files}
        name = self._name(folder.with_name(POINTER))
        self.objects.put_bytes(name, json.dumps(pointer).encode(), new=False)

    def _upload(self, files: Path, folder: Path) -> Mapping[str, int]:
        """Makes objects of files, named as those of another folder; returns their sizes."""
        sizes = {}
        for file in sorted(files.iterdir()):
            file.chmod(INTACT)
            self.objects.put_new(self._name(folder / file.name), file)
            sizes[file.name] = file.stat().st_size
        return sizes

    def _bring(self, files: Mapping[str, int], folder: Path) -> None:
        """Fetches what this disk lacks of a snapshot."""
        held_copies.hold(folder, self.retention)
        lacking = [name for name, size in files.items() if not _is_intact(folder / name, size)]
        for name in lacking:
            try:
                self.objects.fetch(self._name(folder / name), folder / name)
            except ObjectMissing as missing:
                advice = ", though a snapshot has it; materialize the asset again"
                raise ObjectMissing(self.objects.place, missing.name, advice) from None
            (folder / name).chmod(INTACT)
        if lacking:
            held_copies.bound(self.root, self.cache_bytes, self.retention)

    def _collect_all(self, published: Path) -> None:
        """Removes what is too old of the asset of a snapshot, here and in the store."""
        asset, home = published.parent.parent, PurePosixPath(published.parent.name)
        listed = self._listed(asset)
        now = listed.pointers.get(home)
        if now is None:  # another host has just retired it
            return
        for other, written in listed.pointers.items():
            if other != home and is_range(other.name) and written < now - self.retention:
                self.objects.remove(self._name(asset / other / POINTER))
        old = [
            *listed.replaced(home, published.name, self.retention),
            *listed.left(now, self.retention),
        ]
        for snapshot in old:
            self._remove(asset / snapshot.folder, snapshot.files)
        kept = {asset / snapshot.folder for snapshot in listed.snapshots}
        sweep(asset.glob("=*/.*-*"))
        sweep(folder for folder in asset.glob("=*/[!.]*") if folder not in kept)
        held_copies.bound(self.root, self.cache_bytes, self.retention)

    def _remove(self, folder: Path, files: Mapping[str, int]) -> None:
        for name in files:
            self.objects.remove(self._name(folder / name))
        held_copies.release(folder)
        sweep([folder])


def _is_intact(file: Path, size: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        stat = file.stat()
        return stat.st_size == size and not stat.st_mode & 0o200
    return False


def _is_edited(file: Path) -> bool:
    return file.exists() and bool(file.stat().st_mode & 0o200)
