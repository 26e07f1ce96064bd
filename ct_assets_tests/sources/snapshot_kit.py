"""Reads files into a snapshot."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from ct_assets.sources.file_kind import matching
from ct_assets.sources.file_snapshot import snapshot


def read(
    folder: Path, pattern: str = "*.csv", types: Mapping[str, str] | None = None
) -> pl.DataFrame:
    snapshot(matching(pattern, folder), folder / "out.parquet", types=types or {})
    return pl.read_parquet(folder / "out.parquet")
