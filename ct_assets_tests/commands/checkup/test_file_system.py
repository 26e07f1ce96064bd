from pathlib import Path

import pytest

from ct_assets.commands.checkup.file_system import file_system

MOUNTS = """\
overlay / overlay rw 0 0
/dev/sda1 /data ext4 rw 0 0
tmpfs /data/quick tmpfs rw 0 0
server:/a /mnt/all\\040ours nfs4 rw 0 0
s3fs /bucket fuse.s3fs rw 0 0
overlay /data/old overlay rw 0 0
/dev/sdb1 /data/old xfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "is_shared", "status", "told"),
    [
        ("/data/ct", False, "ok", "/data/ct is on ext4"),
        ("/data/quick/ct", False, "note", "is on tmpfs, which is gone with the container"),
        ("/data/quick/ct", True, "ok", "is on tmpfs"),
        ("/project/data", False, "note", "is on overlay, which is gone with the container"),
        ("/data/old", False, "ok", "is on xfs"),
        ("/mnt/all ours/data", False, "failed", "is on nfs4, a network file system"),
        ("/mnt/all ours/data", True, "failed", "is on nfs4, a network file system"),
        ("/bucket/data", False, "failed", "is on fuse.s3fs, a network file system"),
    ],
)
def test_kinds_of_file_systems(
    folder: str,
    is_shared: bool,  # noqa: FBT001
    status: str,
    told: str,
    tmp_path: Path,
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)

    (found,) = file_system(Path(folder), is_shared=is_shared, mounts=mounts)

    assert found.status == status
    assert told in found.found


def test_other_systems_tell_nothing(tmp_path: Path) -> None:
    assert list(file_system(tmp_path, is_shared=False, mounts=tmp_path / "none")) == []
