"""RefusalLimit ends the sending while it is under way, if CleverTap refuses too many records."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from ct_assets.clevertap.codes import title
from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery.sender.batch import Work, records_of
from ct_assets.delivery.sender.send_stats import SendStats

JUDGED = 2_000
"""Records that have their verdict before a share of them says anything."""
OF_A_FIRST_DELIVERY = 0.5
"""The share, for a sync that declares none and of which CleverTap has acknowledged nothing yet."""


@dataclass
class RefusalLimit:
    share: float | None = None
    """Of the records with a verdict; more than that may not be refused. None: any share may."""
    _codes: Counter[int] = field(default_factory=Counter)
    _fields: dict[int, str] = field(default_factory=dict)
    """The field that the first record refused with a code was refused for."""

    def broken(self, work: Work, refusals: Sequence[Refusal], stats: SendStats) -> str | None:
        """Takes refusals in; says why nothing more may leave, once that is so.

        `refusals` are of positions in the batch of `work`, and already counted in `stats`.
        """
        if self.share is None:
            return None
        for refusal in refusals:
            if refusal.code not in self._codes:
                self._fields[refusal.code] = _field(work, refusal)
            self._codes[refusal.code] += 1
        judged = stats.acked + stats.refused
        if judged < JUDGED or stats.refused <= self.share * judged:
            return None
        ((code, _),) = self._codes.most_common(1)
        return (
            f"CleverTap refused {stats.refused:,} of {judged:,} records, more than max_refused "
            f"({self.share:.0%}) lets pass; most often with code {code}{self._fields[code]}: "
            f"{title(code)}. Mend that, or raise max_refused"
        )


def _field(work: Work, refusal: Refusal) -> str:
    """Such as ` for Email`; the message itself may quote a value."""
    record = orjson.loads(records_of(work.batch.body)[refusal.position])
    names = [
        name
        for name in record.get("profileData") or record.get("evtData") or {}
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", refusal.message, re.IGNORECASE)
    ]
    longest = max(names, key=len, default="")
    return f" for {longest}" if longest else ""
