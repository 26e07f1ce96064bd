"""Checks that CT_DATA_DIR is writable and has room."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, ok

LEAST_BYTES = 1_000_000_000


def disk(folder: Path, least: int = LEAST_BYTES) -> Iterator[Diagnosis]:
    """Leaves nothing behind; if `folder` does not exist yet, its nearest parent is checked."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            yield ok("CT_DATA_DIR", f"{folder} is writable")
    except OSError as error:
        fix = "Set CT_DATA_DIR to a folder that the user of the runs may write to."
        yield failed("CT_DATA_DIR", f"{folder} cannot be written to ({error.strerror})", fix)
        return
    free = shutil.disk_usage(existing).free
    room = f"{free / 1e9:,.1f} GB free"
    if free < least:
        fix = "Free some; staging and reports need about the size of the sources, twice."
        yield failed("room", f"{room}, less than {least / 1e9:,.1f} GB", fix)
    else:
        yield ok("room", room)
