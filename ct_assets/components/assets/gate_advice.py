"""GateAdvice tells what rejected most rows of a sync that is not sent, and what lets it go on."""

from collections.abc import Iterator, Sequence

from ct_assets.mapping import Sync
from ct_assets.snapshot_meta import ReasonCount, SplitMeta

MOST = 3
"""Reasons that are named."""


def advice(sync: Sync, split: SplitMeta, *, shown: bool = False) -> str:
    """Sentences for a person; none if the gate is open, or shut for a defect of ours.

    `shown`: the rejected rows stand beside it.
    """
    if split.gate.passed or split.counts.violations():
        return ""
    most = sorted(split.reasons, key=lambda reason: -reason.rows)[:MOST]
    return " ".join(_sentences(sync, most, shown=shown))


def _sentences(sync: Sync, most: Sequence[ReasonCount], *, shown: bool) -> Iterator[str]:
    reasons = ", ".join(f"{_of(reason)} ({reason.rows:,})" for reason in most)
    yield f"Most frequent: {reasons}."
    look = "Mend" if shown else f"Look at the rows with `ct-assets preview {sync.name}`, then mend"
    yield f"{look} the source or the mapping, or raise `max_rejected`."
    fields = list(dict.fromkeys(reason.field for reason in most if reason.field in sync.fields))
    if fields:
        one = len(fields) == 1
        yield (
            f"`on_invalid: drop` in {' and '.join(map(str, fields))} sends such rows without "
            f"{'that field' if one else 'these fields'}."
        )


def _of(reason: ReasonCount) -> str:
    return f"{reason.field} {reason.code}" if reason.field else reason.code
