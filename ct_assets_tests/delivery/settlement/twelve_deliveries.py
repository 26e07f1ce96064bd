"""Delivers a sync with a log twelve times, so that every outcome comes about."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ct_assets.delivery import DeliveryFailed, DeliveryResult
from ct_assets.row_counts import RowCounts
from ct_assets_tests.delivery.kit import Row, Sync, profile

LOGGED = ("refused", "parked", "limit")
"""Reasons for which a row is held, and has a line in the log."""


def rejections(folder: Path, *rows: tuple[str, str]) -> Path:
    path = folder / "rejections.parquet"
    frame = pl.DataFrame(
        {
            "key": [key for key, _ in rows],
            "kind": ["identity"] * len(rows),
            "identity": [key for key, _ in rows],
            "fields": [["Email"]] * len(rows),
            "code": [code for _, code in rows],
            "reason": [f"Email: {code}" for _, code in rows],
            "message": ["'nobody' is no address"] * len(rows),
        },
        schema_overrides={"fields": pl.List(pl.String)},
    )
    frame.write_parquet(path)
    return path


def ended(sync: Sync, rows: Sequence[Row], **options: Any) -> DeliveryResult:
    try:
        return sync.run(rows, **options)
    except DeliveryFailed as failed:
        if failed.result is None:
            raise
        return failed.result


def accounted(result: DeliveryResult) -> Counter[str]:
    counts = result.counts
    held = sum(counts.held.get(reason, 0) for reason in LOGGED)
    outcomes = {**counts.sent.by_outcome(), "rejected": counts.rejected, "held": held}
    removed = counts.removals.by_outcome()
    return +Counter({name: n + removed.get(name, 0) for name, n in outcomes.items()})


def delivered_twelve_times(sync: Sync) -> Mapping[int, Counter[str]]:
    """The account of each, by outcome."""
    sync.policy_with(on_removed="clear", max_removed=1.0, on_unknown="park", idempotent=False)
    accounts = {}
    for n in range(12):
        if n % 4 == 3:
            sync.sandbox.faults.script("503", "503-stored", "429")
        rows = [profile(str(k), Name=f"N{n // 2}") for k in range(n, n + 7)]
        rows.append(profile("bad", Email=f"nobody{n // 3}"))
        listed = rejections(sync.folder, *((f"r{k}", "x") for k in range(n % 3)))
        counts = RowCounts(source=8 + n % 3, rejected=n % 3, valid=8)
        limit = 2 if n == 6 else None
        result = ended(sync, rows, rejections=listed, counts=counts, limit=limit)
        accounts[result.delivery] = accounted(result)
    return accounts
