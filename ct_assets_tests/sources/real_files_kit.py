"""Reads files into a snapshot, with the settings of CSV."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.sources.file_kind import matching
from ct_assets.sources.file_snapshot import snapshot
from ct_assets.sources.formats import CsvSettings, FileError


def read(folder: Path, pattern: str, **settings: Any) -> pl.DataFrame:
    types = settings.pop("types", {})
    snapshot(
        matching(pattern, folder),
        folder / "staged.parquet",
        types=types,
        settings=CsvSettings(**settings),
    )
    return pl.read_parquet(folder / "staged.parquet")


def refused(folder: Path, pattern: str, **settings: Any) -> str:
    with pytest.raises(FileError) as caught:
        read(folder, pattern, **settings)
    return str(caught.value)
