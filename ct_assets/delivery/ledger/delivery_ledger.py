"""DeliveryLedger is the ledger of one delivery, as the sender uses it."""

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.ledger.ledger_file import LedgerFile


class DeliveryLedger(NamedTuple):
    file: LedgerFile
    delivery: int

    def together(self) -> contextlib.AbstractContextManager[None]:
        return self.file.together()

    def sent(self, batch: int, rows: Sequence[int]) -> None:
        self.file.record(self.delivery, batch, rows, "sent")

    def acked(self, batch: int, rows: Sequence[int], refusals: Sequence[Refusal]) -> None:
        self.file.record(self.delivery, batch, rows, "acked", refusals=refusals)

    def not_taken(self, batch: int, rows: Sequence[int]) -> None:
        self.file.record(self.delivery, batch, rows, "not_taken")

    def unknown(self, batch: int, rows: Sequence[int], why: str) -> None:
        self.file.record(self.delivery, batch, rows, "unknown", why)
