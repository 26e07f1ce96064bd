"""The ledger's mark is the number of its last entry, in a file of its own.

SQLite reads a write-ahead log up to its first damage and says nothing of what is missing after it,
nor of a log that is gone. The mark tells: it is never ahead of what was committed.
"""

import os
import struct
from pathlib import Path

from ct_assets.delivery.state.sync_files import MARK

_NUMBER = struct.Struct("<q")


class LedgerMark:
    def __init__(self, home: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(home / MARK, flags, 0o600)

    def put(self, entry: int) -> None:
        """Its block is on the disk since the first time, so no full disk can keep it from this."""
        os.pwrite(self._descriptor, _NUMBER.pack(entry), 0)

    def close(self) -> None:
        os.close(self._descriptor)


def read(home: Path) -> int | None:
    """None if there is no mark, or none that can be read."""
    try:
        return int(_NUMBER.unpack((home / MARK).read_bytes())[0])
    except (FileNotFoundError, struct.error):
        return None
