"""Checks that CT_DATA_DIR is on a disk that lasts, and that SQLite and DuckDB may use."""

import re
from collections.abc import Iterator
from pathlib import Path

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, note, ok
from ct_assets.store.store_settings import DATABASE_URL, STORE_URL

MOUNTS = Path("/proc/self/mounts")
NETWORK = re.compile(
    r"nfs4?|cifs|smb3|smbfs|afs|ceph|glusterfs|lustre|gpfs|beegfs|virtiofs|"
    r"fuse\.(s3fs|gcsfuse|goofys|mountpoint-s3|blobfuse2?|sshfs|rclone|ceph.*|glusterfs)"
)
PASSING = {"tmpfs", "ramfs", "overlay", "aufs"}
"""Of memory, or of a container."""


def file_system(folder: Path, *, is_shared: bool, mounts: Path = MOUNTS) -> Iterator[Diagnosis]:
    """`is_shared` says that state is kept in a shared store, and the folder may vanish."""
    kind = _kind(folder, mounts)
    if kind is None:  # another system than Linux
        return
    told = f"{folder} is on {kind}"
    if NETWORK.fullmatch(kind):
        yield failed(
            "file system",
            f"{told}, a network file system, where SQLite and DuckDB lose what they write",
            f"Set CT_DATA_DIR to a folder on a local disk; where there is none that lasts, set "
            f"{DATABASE_URL} and {STORE_URL}, too.",
        )
    elif kind in PASSING and not is_shared:
        yield note(
            "file system",
            f"{told}, which is gone with the container or at the next boot, and the state with it: "
            f"keep CT_DATA_DIR on a disk that lasts, or set {DATABASE_URL} and {STORE_URL}",
        )
    else:
        yield ok("file system", told)


def _kind(folder: Path, mounts: Path) -> str | None:
    """The kind of file system of a folder, by the last mount above it."""
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return None
    found = (-1, "")
    for _, place, kind, *_ in (line.split(" ") for line in lines):
        path = Path(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), place))
        if folder.is_relative_to(path) and len(path.parts) >= found[0]:
            found = (len(path.parts), kind)
    return found[1] or None
