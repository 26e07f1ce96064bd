"""A source of one CSV file, for tests of the sensor that looks at it."""

import os
from pathlib import Path

from ct_assets.components.automation.source_sensor import SourceCursor, look
from ct_assets.mapping.declaration.sync_parts import OnChange
from ct_assets.sources.declared_source import DeclaredSource
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.source import parse as parse_source
from ct_assets.staging import Staging

NEVER = SourceCursor()


class Shop:
    """A source of one CSV file, and the staging that its rows are read into."""

    def __init__(self, root: Path, **declared: object) -> None:
        self.csv = root / "customer.csv"
        self.staging = Staging(root / "staging")
        self.warehouse = Warehouse(root / "warehouse.duckdb")
        source = parse_source({"asset": "shop/customer", "file": "customer.csv", **declared})
        self.declared = DeclaredSource(source, root, root)
        self._clock = 1_000_000_000

    def write(self, *ids: int) -> None:
        self.csv.write_text("id\n" + "".join(f"{n}\n" for n in ids))
        self._clock += 1
        os.utime(self.csv, (self._clock, self._clock))

    def read(self) -> None:
        with self.staging.draft(("shop", "customer")) as draft:
            self.declared.snapshot(draft, self.warehouse)
            self.staging.publish(draft)

    def look(
        self,
        last: SourceCursor,
        wait: OnChange | None = None,
        at: float = 0,
        elsewhere: str = "",
    ) -> tuple[SourceCursor, str]:
        wait = wait or OnChange()
        return look(
            self.declared, last, wait, self.staging, self.warehouse, at, lambda _: elsewhere
        )
