"""A declaration and a few rows in, what was sent and what was rejected out."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from ct_assets.mapping import parse, split
from ct_assets.row_counts import RowCounts
from ct_assets.staging import scan

PROFILE = {"name": "s", "object": "profile", "source": "src", "identify_by": [{"identity": "id"}]}
EVENT = {
    "name": "s",
    "object": "event",
    "source": "src",
    "event": "Viewed",
    "event_key": "key",
    "identify_by": [{"identity": "id"}],
}

SEGMENT = {
    "name": "s",
    "object": "segment",
    "source": "src",
    "identify_by": [{"identity": "id"}],
    "segment": {"name": "Jazz buyers", "creator": "ct_assets", "email": "admin@example.com"},
}


@dataclass(frozen=True)
class Outcome:
    valid: pl.DataFrame
    rejected: pl.DataFrame
    keys: pl.DataFrame
    counts: RowCounts

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.valid["_record"]]

    @property
    def data(self) -> list[dict[str, Any]]:
        return [r["profileData"] if "profileData" in r else r["evtData"] for r in self.records]

    @property
    def reasons(self) -> list[list[tuple[str, str]]]:
        """Field and code of each rejected row."""
        listed = self.rejected["reasons"].to_list()
        return [[(r["field"], r["code"]) for r in reasons] for reasons in listed]

    @property
    def warnings(self) -> list[list[tuple[str, str]] | None]:
        listed = self.valid["_warnings"].to_list()
        return [w and [(r["field"], r["code"]) for r in w] for w in listed]


def profiles(rows: pl.DataFrame, fields: dict[str, Any] | None = None, **settings: Any) -> Outcome:
    base = {**PROFILE, "fields": fields if fields is not None else {"Name": {"value": "x"}}}
    return run({**base, **settings}, rows)


def events(rows: pl.DataFrame, fields: dict[str, Any] | None = None, **settings: Any) -> Outcome:
    return run({**EVENT, "fields": fields or {}, **settings}, rows)


def run(
    declaration: dict[str, Any],
    rows: pl.DataFrame,
    rejected_profiles: pl.LazyFrame | None = None,
) -> Outcome:
    """Rows go through a Parquet file, as they do in earnest."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source.parquet"
        rows.write_parquet(source)
        parts = split(
            parse(declaration),
            scan(source),
            Path(folder),
            rejected_profiles=rejected_profiles,
        )
        outcome = Outcome(
            valid=parts.valid.collect(engine="streaming"),
            rejected=parts.rejected.collect(engine="streaming"),
            keys=pl.read_parquet(parts.keys),
            counts=parts.counts,
        )
        noting = parts.valid_noting.collect(engine="streaming")
        left_out = parts.left_out.collect(engine="streaming")
    assert parts.failed.count == outcome.rejected.height
    assert_frame_equal(noting, outcome.valid)
    assert_frame_equal(left_out, outcome.rejected)
    counts = outcome.counts
    left = outcome.valid.height + outcome.rejected.height + counts.superseded + counts.cut
    assert counts.source == rows.height == left
    return outcome
