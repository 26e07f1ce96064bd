"""PublishedState keeps a folder equal to what a pointer in Postgres names, and publishes changes.

The files are immutable objects; the folder is a copy to work on, which may vanish at any time. A
note in it says which objects its files are, so that none is fetched twice.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from ct_assets.files import private_dir, replacing
from ct_assets.store import object_fences
from ct_assets.store.folder_note import FolderNote, KnownFile, files_of
from ct_assets.store.objects import ObjectDamaged, ObjectMissing, Objects
from ct_assets.store.postgres.lease import Lease
from ct_assets.store.store_settings import StoreError

FETCHES = 8
REPLACED_FOR = "1 hour"
"""How long objects stay that no pointer names any more: somebody may still read them."""

_MOVE = """
update ct_assets.syncs set files = %s, published = fence
where (destination, sync, fence) = (%s, %s, %s)
"""
_RAISE = """
update ct_assets.syncs set fence = %s, published = %s where (destination, sync) = (%s, %s)
"""
_FOLDED = "delete from ct_assets.journal where (destination, sync) = (%s, %s)"
_REPLACED = """
insert into ct_assets.replaced (object, destination, sync)
select unnest(%s::text[]), %s, %s on conflict do nothing
"""
_EXPIRED = """
select object from ct_assets.replaced
where (destination, sync) = (%s, %s) and (%s or at < now() - %s::interval)
"""
_REMOVED = "delete from ct_assets.replaced where object = any(%s)"


class UnknownStateError(StoreError):
    """A folder has a state that the shared store knows nothing of."""


@dataclass(frozen=True)
class PublishedFile:
    object: str
    size: int
    sha256: str
    mtime_ns: int
    """Of the file it was made from: by it reports grow old."""


class PublishedState:
    def __init__(
        self,
        folder: Path,
        objects: Objects,
        lease: Lease,
        needed: Callable[[Iterable[str]], set[str]] = set,
        *,
        mends: bool = False,
    ) -> None:
        """`needed` says which of the files are fetched; the others stay as they are.

        `mends` goes on without what is lost, from the files of the folder.
        """
        self.folder = folder
        self._note = FolderNote(folder)
        self._objects = objects
        self._lease = lease
        self._needed = needed
        self._mends = mends
        self._name = lease.row.name
        self.files = {name: PublishedFile(**each) for name, each in lease.row.pointer.items()}
        self._away: set[str] = set()
        """Files that are published, and were not fetched."""

    def take(self) -> None:
        """Makes the folder equal to what is published.

        Others may read in it meanwhile: they find each file as it was, or as it is.

        Raises:
            UnknownStateError: It has files of its own, which were never published.
            ObjectMissing, StoreError: An object cannot be fetched, or is not as it was written.
        """
        if not self.files and not self.folder.exists() and not self._lease.row.fence:
            return None  # whoever only reads makes no folder for nothing
        known = self._known()
        private_dir(self.folder)
        here = set(files_of(self.folder))
        if self._mends and self._is_behind(known):
            return self._take_beside(here)
        same = {name for name in here & known.keys() if self._note.holds(name, known[name])}
        kept = {n for n in same & self.files.keys() if known[n].object == self.files[n].object}
        fetched = self._needed(self.files) - kept
        for name in here - kept - fetched:
            (self.folder / name).unlink(missing_ok=True)
        self._write_note(kept)
        with ThreadPoolExecutor(FETCHES) as pool:
            list(pool.map(self._bring, sorted(fetched)))
        self._away = self.files.keys() - kept - fetched
        self._write_note(self.files.keys() - self._away)
        return None

    def _is_behind(self, known: Mapping[str, KnownFile]) -> bool:
        """Whether the folder is a later copy than what the database knows of."""
        fences = [object_fences.fence_of(told.object, self._prefix) for told in known.values()]
        named = [object_fences.fence_of(f.object, self._prefix) for f in self.files.values()]
        return max(fences, default=0) > max(named, default=-1)

    def _take_beside(self, here: set[str]) -> None:
        """Fetches files of folders only, such as reports, which are never changed."""
        for name in sorted(name for name in self.files.keys() - here if "/" in name):
            self._bring(name)

    def take_later(self) -> None:
        """Fetches what the bucket has and the database does not know of, the latest of each name.

        For a folder of which every such file is right, whether it was published or not.
        """
        later = object_fences.later(self._objects, self._prefix, self._lease.row.fence)
        for name, found in {self._file_of(made): made for made in sorted(later)}.items():
            self._objects.fetch(found, self.folder / name)

    def _file_of(self, made: str) -> str:
        """Of a file that is in no folder."""
        return made.removeprefix(self._prefix).split("-", 2)[-1]

    def adopt(self) -> None:
        """Takes the files that are in the folder, which nobody has published, as they are.

        Raises:
            StoreError: Something is published.
        """
        if self.files:
            raise StoreError(
                f"{'/'.join(self._name)}: the shared store has a state of it already; nothing was "
                "copied"
            )

    def publish(self) -> None:
        """Makes what is in the folder the state, if the lease still holds; at once or not at all.

        Raises:
            LeaseLostError: Another host has taken it over; nothing is changed.
        """
        files = {name: self.files[name] for name in self._away}
        known = self._known()
        for name in files_of(self.folder):
            # whoever mends trusts no object to be there still
            old, told = None if self._mends else self.files.get(name), known.get(name)
            if old and told and told.object == old.object and self._note.holds(name, told):
                files[name] = old
            else:
                files[name] = self._put(name, old)
        if files == self.files:
            return
        gone = {f.object for f in self.files.values()} - {f.object for f in files.values()}
        pointer = json.dumps({name: asdict(file) for name, file in files.items()})
        raised = 0
        if self._mends:
            raised = object_fences.latest(self._objects, self._prefix, self._lease.row.fence) + 1
        self._lease.change(
            *(_MOVE, (pointer, *self._name)),
            (_FOLDED, self._name),
            (_REPLACED, (sorted(gone), *self._name)),
            *([(_RAISE, (raised, raised, *self._name))] if self._mends else ()),
        )
        if self._mends:
            self._lease.row.fence, self._mends = raised, False
        self.files = files
        self._write_note(files.keys() - self._away)

    def prune(self, before: datetime, is_old: Callable[[str], bool]) -> None:
        """Gives up files from before then that were not fetched and of which `is_old` holds."""
        limit = before.timestamp() * 1e9
        self._away -= {n for n in self._away if is_old(n) and self.files[n].mtime_ns < limit}

    def collect(self, *, at_once: bool = False) -> None:
        """Removes objects that were replaced, and then the word of them: a kill forgets none."""
        expired = [n for (n,) in self._lease.rows(_EXPIRED, (*self._name, at_once, REPLACED_FOR))]
        for name in expired:
            self._objects.remove(name)
        if expired:
            self._lease.rows(_REMOVED, (expired,))

    def remove_unpublished(self) -> None:
        """Removes what hosts put that were killed before they published it.

        A lease with a lower fence than this one cannot publish any more. It is done before this
        one publishes, so that the gap which tells of them stays until they are gone.
        """
        if not self._lease.row.gap:
            return
        replaced = self._lease.rows(
            "select object from ct_assets.replaced where (destination, sync) = (%s, %s)", self._name
        )
        named = {file.object for file in self.files.values()} | {name for (name,) in replaced}
        for name in object_fences.below(self._objects, self._prefix, self._lease.row.fence):
            if name not in named:
                self._objects.remove(name)

    @property
    def _prefix(self) -> str:
        return object_fences.prefix_of(*self._name)

    def _put(self, name: str, old: PublishedFile | None) -> PublishedFile:
        path = self.folder / name
        stat = path.stat()
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if old and (old.sha256, old.size) == (sha256, stat.st_size):
            return old
        unique = f"{uuid.uuid4().hex[:8]}-{name.replace('/', '-')}"
        made = f"{self._prefix}{object_fences.numbered(self._lease.row.fence)}-{unique}"
        self._objects.put_new(made, path)
        return PublishedFile(made, stat.st_size, sha256, stat.st_mtime_ns)

    def _bring(self, name: str) -> None:
        advice = (
            ". Nothing was sent. To bring back what is left: ct-assets state rebuild "
            f"{self._lease.sync}; from a backup: ct-assets state restore FOLDER"
        )
        try:
            self._fetch(name)
        except ObjectMissing as error:
            if not self._mends:
                raise ObjectMissing(self._objects.place, error.name, advice) from None
        except ObjectDamaged as error:
            if not self._mends:
                raise ObjectDamaged(f"{error}{advice}") from None

    def _fetch(self, name: str) -> None:
        file, path = self.files[name], self.folder / name
        private_dir(path.parent)
        with replacing(path) as partial:
            self._objects.fetch(file.object, partial)
            with partial.open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
                    raise ObjectDamaged(
                        f"{file.object} in {self._objects.place} is not as it was written"
                    )
            os.utime(partial, ns=(file.mtime_ns, file.mtime_ns))

    def _write_note(self, names: Iterable[str]) -> None:
        """Written before anything is fetched, too."""
        self._note.write({name: self.files[name].object for name in names})

    def _known(self) -> Mapping[str, KnownFile]:
        known = self._note.read()
        if known is None:
            self._check_unknown()
        elif known and not self.files:
            self._check_unknown("the hosts shared")
        return known or {}

    def _check_unknown(self, whose: str = "was never shared") -> None:
        if self._mends and not self.files:
            return
        if self.folder.is_dir() and any(files_of(self.folder)):
            beside = (
                "and the shared store has one" if self.files else "and the shared store has none"
            )
            raise UnknownStateError(
                f"{self._lease.sync}: {self.folder} has a state that {whose}, {beside}. "
                "Nothing was sent. "
                + (
                    "If the shared one is right, move the other away"
                    if self.files
                    else "Bring it there: ct-assets state copy; or move it away to begin anew"
                )
            )
