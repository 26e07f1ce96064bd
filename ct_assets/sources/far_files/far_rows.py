"""FarRows reads the rows of files in a bucket; folders such as `country=IN` give columns."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from ct_assets.files import private_dir, scratch_dir
from ct_assets.sources import file_snapshot, formats, watermark
from ct_assets.sources.far_files.object_store import ObjectStore
from ct_assets.sources.formats import FileError
from ct_assets.sources.source_kind import SourceRows
from ct_assets.staging import ROW_GROUP

NOTHING = "__HIVE_DEFAULT_PARTITION__"
"""The name of a folder of rows without a value."""


@dataclass(frozen=True)
class FarRows(SourceRows):
    store: ObjectStore
    types: Mapping[str, str]
    csv: formats.CsvSettings

    def snapshot(self, into: Path) -> Mapping[str, str]:
        folder = private_dir(into.parent / "far")
        try:
            groups = _grouped(self.store.fetch(self.store.files(), folder), folder)
            left_out: dict[str, str] = {}
            parts = []
            for number, (columns, files) in enumerate(groups):
                part = into if groups == [((), files)] else folder / f"{number}.part"
                left_out |= file_snapshot.snapshot(
                    files, part, types=_of_files(self.types, columns), settings=self.csv
                )
                parts.append((part, dict(columns)))
            if parts[0][0] != into:
                _united(parts, into)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return left_out

    def written(self) -> str:
        return repr([(file.path, file.state) for file in self.store.files()])

    def largest(self, column: str) -> str:
        with self._fetched() as files:
            return watermark.largest(files, column, types=self.types, settings=self.csv)

    def count(self, beyond: tuple[str, str] | None) -> int:
        with self._fetched() as files:
            return watermark.count(files, beyond, types=self.types, settings=self.csv)

    @contextmanager
    def _fetched(self) -> Iterator[list[Path]]:
        with scratch_dir() as folder:
            yield self.store.fetch(self.store.files(), folder)


Columns = tuple[tuple[str, str | None], ...]


def _grouped(files: Sequence[Path], folder: Path) -> list[tuple[Columns, list[Path]]]:
    """The files by the columns that their folders give."""
    groups: dict[Columns, list[Path]] = {}
    for file in files:
        folders = file.relative_to(folder).parts[:-1]
        named = [part.split("=", 1) for part in folders if re.match(r"\w+=", part)]
        columns = tuple(
            (name, None if value == NOTHING else unquote(value)) for name, value in named
        )
        groups.setdefault(columns, []).append(file)
    if len({tuple(name for name, _ in columns) for columns in groups}) > 1:
        raise FileError("some of its folders give columns, such as country=IN, and others do not")
    return list(groups.items())


def _of_files(types: Mapping[str, str], columns: Columns) -> Mapping[str, str]:
    return {name: kind for name, kind in types.items() if name not in dict(columns)}


def _united(parts: Sequence[tuple[Path, Mapping[str, str | None]]], into: Path) -> None:
    frames = []
    for part, columns in parts:
        rows = pl.scan_parquet(part, glob=False)
        doubled = set(columns) & set(rows.collect_schema().names())
        if doubled:
            raise FileError(
                f"column {min(doubled)!r} is in the files and in names of their folders"
            )
        values = [pl.lit(value, pl.String).alias(name) for name, value in columns.items()]
        frames.append(rows.with_columns(values))
    schemas = [frame.collect_schema() for frame in frames]
    other = next((at for at, schema in enumerate(schemas) if schema != schemas[0]), None)
    if other is not None:
        folders = [", ".join(map("=".join, _texts(parts[at][1]))) for at in (0, other)]
        differing = set(schemas[0].items()) ^ set(schemas[other].items())
        raise FileError(
            f"the files of {folders[0]} and {folders[1]} have different columns or types: "
            f"{min(name for name, _ in differing)!r}; declare each kind as a source of its own"
        )
    pl.concat(frames).sink_parquet(into, compression_level=1, row_group_size=ROW_GROUP)


def _texts(columns: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [(name, value or "") for name, value in columns.items()]
