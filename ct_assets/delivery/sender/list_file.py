"""ListFile reads the CSV file of a segment's list from the outbox, a part at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ct_assets.clevertap.record import LIST_HEADER

LINES = 200_000
"""Lines that are read at once."""


@dataclass(frozen=True)
class ListFile:
    """The same bytes, however often it is read."""

    outbox: Path
    rows: int
    """Records of the outbox: members, and those who leave the list."""
    members: int
    size: int
    """Bytes of the file."""

    def parts(self) -> Iterator[bytes]:
        """A few megabytes at a time, each line with its end."""
        yield f"{LIST_HEADER}\n".encode()
        lines = pl.scan_parquet(self.outbox, glob=False).select("record", "action")
        for at in range(0, self.rows, LINES):
            part = lines.slice(at, LINES).filter(action="upsert")
            text = part.select((pl.col("record") + "\n").str.join("")).collect().item()
            if text:
                yield text.encode()


def list_file(outbox: Path) -> ListFile:
    """The list in the outbox of a segment."""
    is_member = pl.col("action") == "upsert"
    counts = pl.scan_parquet(outbox, glob=False).select(
        rows=pl.len(),
        members=is_member.sum(),
        bytes=pl.col("bytes").filter(is_member).cast(pl.Int64).sum(),
    )
    rows, members, size = counts.collect().row(0)
    return ListFile(outbox, rows, members, len(LIST_HEADER) + 1 + size + members)
