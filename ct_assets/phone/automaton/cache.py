"""Keeps automata on disk, in one file for each version of the metadata.

The cache is never needed: a missing, damaged or unreadable file means compiling again, and a
directory that cannot be written means not keeping the result.
"""

import contextlib
import hashlib
import io
import tempfile
from pathlib import Path

import numpy as np
import platformdirs

from ct_assets.phone.compiler.automaton import Automaton

_DIGEST = hashlib.sha256
_DIGEST_BYTES = _DIGEST().digest_size


def path(fingerprint: str) -> Path:
    """Where the automaton of this metadata is kept."""
    return platformdirs.user_cache_path("ct_assets") / f"phone-{fingerprint[:32]}.automaton"


def load(file: Path) -> Automaton | None:
    """The automaton in a file, None if there is no whole one."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        content = file.read_bytes()
        digest, archive = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        # Archives have sums of their own, but not over all that numpy reads of them.
        if _DIGEST(archive).digest() == digest:
            return Automaton(**np.load(io.BytesIO(archive), allow_pickle=False))
    return None


def save(automaton: Automaton, file: Path) -> None:
    """Write a file that is seen whole or not at all, if the disk can be written."""
    archive = io.BytesIO()
    np.savez_compressed(archive, **automaton._asdict())
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as partial:
            try:
                partial.write(_DIGEST(archive.getvalue()).digest() + archive.getvalue())
                partial.close()
                Path(partial.name).replace(file)
            except OSError:
                Path(partial.name).unlink()
                raise
