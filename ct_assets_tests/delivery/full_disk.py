"""A delivery on a small disk of its own, which others may fill up while requests are in flight.

Run as a module it is that delivery; `deliver_on_disk` runs it in a namespace with its own mounts.
"""

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from ct_assets.clevertap.client import Answer, Client
from ct_assets_tests.delivery import crash
from ct_assets_tests.delivery.kit import Row, Sync, snapshot

DELIVERY = "ct_assets_tests.delivery.full_disk"
SCRIPT = """
mount -t tmpfs -o size=$1k tmpfs "$2" && cp -a "$3/." "$2" || exit 99
shift 3
"$@"
code=$?
cp -a "$DISK/state/." "$KEPT"
exit $code
"""


def deliver_on_disk(
    sync: Sync, rows: list[Row], *, kilobytes: int, fill_at: int | None = None, on_unknown: str
) -> "subprocess.CompletedProcess[str]":
    """Delivers on a disk of that size; `fill_at` is the answer after which it is full."""
    disk, data = sync.folder / "disk", sync.home.parents[2]
    kept = sync.home.parents[1]
    for folder in (disk, kept):
        folder.mkdir(exist_ok=True)
    source = snapshot(sync.folder / "rows.parquet", rows)
    home = disk / sync.home.relative_to(data)
    delivery = [sys.executable, "-m", DELIVERY, str(-1 if fill_at is None else fill_at)]
    delivery += [str(home), str(source), on_unknown, sync.sandbox.url, sync.sandbox.id]
    made = sync.folder / "made"
    shutil.copytree(kept, made / "state", dirs_exist_ok=True)
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", SCRIPT, "sh", str(kilobytes), disk, made, *delivery],
        env={**os.environ, "DISK": str(disk), "KEPT": str(kept)},
        capture_output=True,
        text=True,
        check=False,
    )


def fill(folder: Path) -> None:
    """Leaves not a byte to anybody."""
    with (folder / "filler").open("wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while filler.write(bytes(size)):
                    pass


class FillingClient(Client):
    """Fills the disk after so many answers; no request is answered before fifteen have left."""

    answers = itertools.count(1)
    fill_at: int
    folder: Path
    lock = threading.Lock()

    def upload(self, body: bytes, *, dry_run: bool = False) -> Answer:
        answer = super().upload(body, dry_run=dry_run)
        with self.lock:
            if next(self.answers) == self.fill_at:
                fill(self.folder)
        return answer


def main() -> None:
    FillingClient.fill_at = int(sys.argv.pop(1))
    FillingClient.folder = Path(os.environ["DISK"])
    vars(crash)["Client"] = FillingClient
    crash.main()


if __name__ == "__main__":
    main()
