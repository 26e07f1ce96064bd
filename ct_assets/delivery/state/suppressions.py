"""Suppressions are keyed hashes of erased people, by which their rows are held back."""

# ruff: noqa: S608 -- statements are put together from names and paths of ours, quoted

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import duckdb

from ct_assets.delivery.state.scratch_tables import SUPPRESSED_DIGESTS, SUPPRESSED_ROWS, VALID
from ct_assets.delivery.state.shared_folders import changing, refreshed
from ct_assets.delivery.state.sync_files import FORGOTTEN, StorageError
from ct_assets.files import private_dir, replacing, sync
from ct_assets.sql import literal

KEY_BYTES = 32

PENDING = "pending-"
"""Prefix of the files with people whose erasure is not confirmed yet."""


class Suppressions:
    """Serves all syncs of one destination; without the key file the hashes reveal nothing."""

    def __init__(self, destination: Path) -> None:
        self._folder = destination / FORGOTTEN
        self._key = self._folder / "key"
        self._hashes = self._folder / "hashes"

    def add(self, identifiers: Iterable[tuple[str, str]]) -> None:
        """Adds pairs of a kind and a value."""
        with changing(self._folder):
            private_dir(self._folder)
            if not self._known() and not self._key.exists():
                _make_once(self._key, secrets.token_hex(KEY_BYTES))
            secret, known = self._secret(), self._known()
            for kind, value in identifiers:
                digest = _hash(secret, f"{kind}:{value}")
                if digest not in known:
                    _append(self._hashes, f"{digest}\n")

    def lift(self, identifiers: Iterable[tuple[str, str]]) -> int:
        """Takes pairs of a kind and a value out; returns how many of them were there."""
        with changing(self._folder):
            return self._lift(identifiers)

    def _lift(self, identifiers: Iterable[tuple[str, str]]) -> int:
        known = self._known()
        if not known:
            return 0
        secret = self._secret()
        lifted = {_hash(secret, f"{kind}:{value}") for kind, value in identifiers} & set(known)
        if lifted:
            with replacing(self._hashes) as partial:
                partial.write_text("".join(f"{d}\n" for d in known if d not in lifted))
        return len(lifted)

    def mend(self) -> None:
        """Has all hosts know what is left of them, where a database or a bucket was lost.

        Raises:
            StorageError: Some are lost.
        """
        with changing(self._folder, mends=True) as known:
            lost = [p.name for p in (self._key, self._hashes) if p.name in known and not p.exists()]
            if lost:
                raise StorageError(
                    f"{self._folder.parent.name}: {' and '.join(lost)} of {self._folder} is lost "
                    "in the shared store, so nobody can tell who was forgotten, and nothing is "
                    "sent. Bring it back from a backup: ct-assets state restore FOLDER"
                )

    def keep_pending(self, person: Iterable[tuple[str, str]]) -> None:
        """Keeps somebody who is not deleted at CleverTap yet, until `drop_pending`."""
        with changing(self._folder):
            pairs = sorted(person)
            name = _hash(self._secret(), json.dumps(pairs))
            with replacing(self._folder / f"{PENDING}{name}") as partial:
                partial.write_text(json.dumps(pairs))

    def pending(self, person: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """All identifiers that are kept of whoever has one of these."""
        with refreshed(self._folder):
            return {pair for _, pairs in self._pending(person) for pair in pairs}

    def drop_pending(self, person: Iterable[tuple[str, str]]) -> None:
        with changing(self._folder):
            for path, _ in self._pending(person):
                path.unlink(missing_ok=True)
            for partial in self._folder.glob(f".{PENDING}*"):  # of a run that was killed
                partial.unlink(missing_ok=True)

    def _pending(
        self, person: Iterable[tuple[str, str]]
    ) -> list[tuple[Path, set[tuple[str, str]]]]:
        wanted = set(person)
        paths = sorted(self._folder.glob(f"{PENDING}*"))
        pending = [(p, {(k, v) for k, v in json.loads(p.read_text())}) for p in paths]
        return [(path, pairs) for path, pairs in pending if pairs & wanted]

    def knows(self, identifiers: Iterable[str]) -> bool:
        """Whether any of these, written `kind:value`, is suppressed."""
        with refreshed(self._folder):
            known = set(self._known())
            return bool(known) and any(_hash(self._secret(), i) in known for i in identifiers)

    def mark_rows(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Fills `SUPPRESSED_ROWS` from `VALID`; False if there are no suppressions."""
        known = self._known()
        if not known:
            return False
        SUPPRESSED_DIGESTS.create(connection)
        insert = f"insert into {SUPPRESSED_DIGESTS} select unnest($1::varchar[])"
        connection.execute(insert, [known])
        SUPPRESSED_ROWS.create(
            connection,
            f"""
            select distinct row from (
                select row, {self._digest("lane_kind || ':' || lane_identity")} as digest
                from {VALID}
                union all
                select row, {self._digest("other")} as digest
                from (select row, unnest(also) as other from {VALID} where also is not null)
            ) semi join {SUPPRESSED_DIGESTS} using (digest)
            """,
        )
        return True

    def _secret(self) -> str:
        key = self._key.read_text() if self._key.exists() else ""
        if len(key) != 2 * KEY_BYTES:
            raise StorageError(
                f"{self._folder.parent.name}: the key in {self._key} is lost or damaged, so nobody "
                f"can tell who was forgotten, and nothing is sent. Restore the file; if nobody was "
                f"ever forgotten here, remove {self._folder}"
            )
        return key

    def _known(self) -> list[str]:
        return self._hashes.read_text().split() if self._hashes.exists() else []

    def _digest(self, text: str) -> str:
        """SQL of the hash that `add` keeps; `text` is an SQL expression."""
        return f"sha256({literal(self._secret())} || {text})"


def _hash(secret: str, identifier: str) -> str:
    return hashlib.sha256(f"{secret}{identifier}".encode()).hexdigest()


def _make_once(path: Path, text: str) -> None:
    """Writes the file whole or not at all; of several processes at once the first one wins."""
    own = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _append(own, text)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(own)
        sync(path.parent)
    finally:
        own.unlink(missing_ok=True)


def _append(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
