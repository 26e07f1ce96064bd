"""DeliveredRows keeps the number of rows that were delivered of each partition, by destination."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from ct_assets.files import private_dir, private_lock, replacing
from ct_assets.io_managers.delivery_requests import home
from ct_assets.store.objects import Objects
from ct_assets.store.places import objects_of
from ct_assets.store.store_settings import shared_store

PREFIX = "delivered"


class DeliveredRows(Protocol):
    """Rows by partition, as long as the declaration has the same meaning.

    It may take other rows after a change, so that all partitions are compared once.
    """

    def read(self) -> Mapping[str, int]: ...

    def add(self, rows: Mapping[str, int], seen: Mapping[str, int]) -> None:
        """Adds partitions, and cuts the others to the rows that the source has of them now.

        A row that vanished must not be counted in place of a new one. Several runs may do so at the
        same time.
        """


def delivered_rows(destination: str, sync: str, meaning: str) -> DeliveredRows:
    """Those of this disk, or those that hosts share."""
    if store := shared_store():
        return SharedRows(objects_of(store), destination, sync, meaning)
    return LocalRows(home(destination, sync), meaning)


class LocalRows:
    """In a file beside the state."""

    def __init__(self, state: Path, meaning: str) -> None:
        # In a folder of its own: a delivery removes half-written files beside its state.
        self.file = state / "partitions" / "delivered.json"
        self.meaning = meaning

    def read(self) -> Mapping[str, int]:
        try:
            stored = json.loads(self.file.read_text())
        except FileNotFoundError:
            return {}
        return dict(stored["rows"]) if stored["of"] == self.meaning else {}

    def add(self, rows: Mapping[str, int], seen: Mapping[str, int]) -> None:
        with private_lock(private_dir(self.file.parent) / f"{self.file.name}.lock"):
            kept = {k: min(n, seen[k]) for k, n in self.read().items() if k in seen}
            with replacing(self.file) as partial:
                partial.write_text(json.dumps({"of": self.meaning, "rows": {**kept, **rows}}))


class SharedRows:
    """In the names of empty objects, `<partition>/<rows>`, of which runs change their own only."""

    def __init__(self, objects: Objects, destination: str, sync: str, meaning: str) -> None:
        digest = hashlib.blake2b(meaning.encode(), digest_size=8).hexdigest()
        self.objects = objects
        self.syncs = f"{PREFIX}/{destination}/{sync}/"
        self.prefix = f"{self.syncs}{digest}/"

    def read(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for name in self.objects.names(self.prefix):
            key, _, rows = name.removeprefix(self.prefix).partition("/")
            # Two of one partition are left by a run that was killed: the lower claims less.
            found[unquote(key)] = min(int(rows), found.get(unquote(key), int(rows)))
        return found

    def add(self, rows: Mapping[str, int], seen: Mapping[str, int]) -> None:
        kept = {k: min(n, seen[k]) for k, n in self.read().items() if k in seen}
        names = {f"{self.prefix}{quote(k, safe='')}/{n}" for k, n in {**kept, **rows}.items()}
        before = set(self.objects.names(self.syncs))
        for name in sorted(names - before):
            self.objects.put_bytes(name, b"", new=False)
        for name in sorted(before - names):
            key = unquote(name.removeprefix(self.prefix).partition("/")[0])
            is_another_runs = name.startswith(self.prefix) and key in seen and key not in kept
            if not is_another_runs or key in rows:
                self.objects.remove(name)
