"""Automata on disk, one file per version of the metadata.

The cache is never needed: a missing, damaged or unreadable file means compiling again, and a
directory that cannot be written means not keeping the result.
"""

import contextlib
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import platformdirs

from ct_assets.phone.automaton import Automaton


def path(fingerprint: str) -> Path:
    """Where the automaton of this metadata is kept."""
    return platformdirs.user_cache_path("ct_assets") / f"phone-{fingerprint[:32]}.npz"


def load(file: Path) -> Automaton | None:
    """The automaton in a file, None if there is no whole one."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return Automaton(**arrays)
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def save(automaton: Automaton, file: Path) -> None:
    """Write a file that is seen whole or not at all, if the disk can be written."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as partial:
            try:
                np.savez_compressed(partial, **automaton._asdict())
                partial.close()
                Path(partial.name).replace(file)
            except OSError:
                Path(partial.name).unlink()
                raise
