"""FarRows reads the rows of files in a bucket; folders such as `country=IN` give columns."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import polars as pl

from ct_assets.files import private_dir, scratch_dir
from ct_assets.mapping.convert.column_types import typed
from ct_assets.sources import file_snapshot, formats, watermark
from ct_assets.sources.far_files.object_store import FarFile, ObjectStore
from ct_assets.sources.formats import FileError
from ct_assets.sources.formats.file_errors import reading
from ct_assets.sources.formats.united_types import UnlikeError, united
from ct_assets.sources.source_kind import SourceRows
from ct_assets.staging import ROW_GROUP

NOTHING = "__HIVE_DEFAULT_PARTITION__"
"""The name of a folder of rows without a value."""


class Copies(NamedTuple):
    """The files of a source, as they are in `folder` now."""

    folder: Path
    files: Sequence[Path]
    written: str
    """A text that is another one after every change of one of them."""


Columns = tuple[tuple[str, str | None], ...]
Groups = Sequence[tuple[Columns, list[Path]]]


@dataclass(frozen=True)
class FarRows(SourceRows):
    store: ObjectStore
    types: Mapping[str, str]
    csv: formats.CsvSettings
    format: str | None = None
    tell: Callable[[str], object] = lambda _: None
    kept: list[Copies] = field(default_factory=list, compare=False)
    """Copies for as long as `at_rest` is at work: one look at the store serves all of it."""

    def snapshot(self, into: Path) -> Mapping[str, str]:
        with self._fetched() as copies:
            groups = _grouped(copies)
            if groups == [((), copies.files)]:
                return self._staged(copies.files, into, self.types)
            left_out: dict[str, str] = {}
            parts = []
            for number, (columns, files) in enumerate(groups):
                part = copies.folder / f"{number}.part"
                left_out |= self._staged(files, part, self._types_in(files, columns))
                parts.append((part, dict(columns)))
            form = formats.format_of(copies.files, self.csv, self.format)
            rows = _united(parts, self.types, unites=form.unites)
            file_snapshot.check_types(self.types, rows.collect_schema().names(), copies.files)
            rows.sink_parquet(into, compression_level=1, row_group_size=ROW_GROUP)
            return left_out

    def _staged(
        self, files: Sequence[Path], into: Path, types: Mapping[str, str]
    ) -> Mapping[str, str]:
        return file_snapshot.snapshot(
            files, into, types=types, settings=self.csv, declared=self.format, tell=self.tell
        )

    def _types_in(self, files: Sequence[Path], columns: Columns) -> Mapping[str, str]:
        """The types of columns that these files have; other folders may have more."""
        types = _of_files(self.types, columns)
        form = formats.format_of(files, self.csv, self.format)
        if not types or not form.unites:
            return types
        with reading(form, files) as texts:
            names = form.scan(texts, {}).collect_schema().names()
        return {name: kind for name, kind in types.items() if name in names}

    def written(self) -> str:
        return self.kept[0].written if self.kept else _state(self.store.files())

    def largest(self, column: str, wanted_by: str = "watermark") -> str:  # noqa: ARG002
        with self._fetched() as copies:
            groups = _grouped(copies)
            if column in dict(groups[0][0]):
                return watermark.largest_of(_of_folders(groups, column), column, self.types)
            types = _of_files(self.types, groups[0][0])
            return watermark.largest(
                copies.files, column, types=types, settings=self.csv, declared=self.format
            )

    def count(self, beyond: tuple[str, str] | None) -> int:
        with self._fetched() as copies:
            groups, files = _grouped(copies), copies.files
            types = _of_files(self.types, groups[0][0])
            if beyond is not None and beyond[0] in dict(groups[0][0]):
                folders = watermark.beyond_of(_of_folders(groups, beyond[0]), beyond, self.types)
                larger = folders.select("group").collect().to_series()
                files = [file for at in larger for file in groups[at][1]]
                beyond = None
            if not files:
                return 0
            return watermark.count(
                files, beyond, types=types, settings=self.csv, declared=self.format
            )

    def at_rest(self, read: Callable[[], None], folder: Path) -> None:
        copies = private_dir(folder / "far")
        try:
            self.kept.append(self._copied(copies))
            read()
        finally:
            self.kept.clear()
            shutil.rmtree(copies, ignore_errors=True)

    @contextmanager
    def _fetched(self) -> Iterator[Copies]:
        if self.kept:
            yield self.kept[0]
            return
        with scratch_dir() as folder:
            yield self._copied(folder)

    def _copied(self, folder: Path) -> Copies:
        found = self.store.files()
        return Copies(folder, self.store.fetch(found, folder), _state(found))


def _state(files: Sequence[FarFile]) -> str:
    return repr([(file.path, file.state) for file in files])


def _grouped(copies: Copies) -> Groups:
    """The files by the columns that their folders give."""
    groups: dict[Columns, list[Path]] = {}
    for file in copies.files:
        folders = file.relative_to(copies.folder).parts[:-1]
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


def _of_folders(groups: Groups, column: str) -> pl.LazyFrame:
    """A column that folders give, with the number of the group of each value."""
    values = [dict(columns)[column] for columns, _ in groups]
    return pl.LazyFrame({column: values}, schema={column: pl.String}).with_row_index("group")


def _united(
    parts: Sequence[tuple[Path, Mapping[str, str | None]]],
    types: Mapping[str, str],
    *,
    unites: bool,
) -> pl.LazyFrame:
    frames = []
    for part, columns in parts:
        rows = pl.scan_parquet(part, glob=False)
        doubled = set(columns) & set(rows.collect_schema().names())
        if doubled:
            raise FileError(
                f"column {min(doubled)!r} is in the files and in names of their folders"
            )
        values = [_of_type(name, value, types.get(name)) for name, value in columns.items()]
        frames.append(rows.with_columns(values))
    schemas = [frame.collect_schema() for frame in frames]
    other = next((at for at, schema in enumerate(schemas) if schema != schemas[0]), None)
    if other is not None and not unites:
        differing = set(schemas[0].items()) ^ set(schemas[other].items())
        raise _unlike(parts, 0, other, repr(min(name for name, _ in differing)))
    try:
        return united(frames)
    except UnlikeError as error:
        types_there = f"{error.column!r} is {error.types[0]} and {error.types[1]}"
        raise _unlike(parts, error.one, error.other, types_there) from None


def _unlike(
    parts: Sequence[tuple[Path, Mapping[str, str | None]]], one: int, other: int, difference: str
) -> FileError:
    folders = [", ".join(map("=".join, _texts(parts[at][1]))) for at in (one, other)]
    return FileError(
        f"the files of {folders[0]} and {folders[1]} have different columns or types: "
        f"{difference}; declare each kind as a source of its own"
    )


def _of_type(name: str, value: str | None, kind: str | None) -> pl.Expr:
    """The value of a folder, of the type that is declared for its column."""
    text = pl.lit(value, pl.String)
    if kind is None:
        return text.alias(name)
    read = pl.select(typed(text, kind)).to_series()
    if value is not None and read.null_count():
        raise FileError(f"the folder {name}={value} is no {kind}; rename it, or leave {name!r} out "
                        "of `types` to keep it as text")  # fmt: skip
    return pl.lit(read.item(), read.dtype).alias(name)


def _texts(columns: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [(name, value or "") for name, value in columns.items()]
