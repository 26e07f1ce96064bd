"""SourceFormat says what a format of files must be able to do; each has a module beside this one.

To add a format: a module with a subclass of `SourceFormat`, and one line in `FORMATS`, in the
`__init__` of this package. Names of files, messages, the JSON schema, the kind that Dagster shows,
watermarks and counts follow from that. A subclass

* names itself, the ends of its files' names, and whether they may be gzip files;
* scans files lazily, and streams: memory must not grow with the rows, and no row passes Python;
* says in words why a file cannot be read: where, and what to do, and never a value of a cell.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import polars as pl

from ct_assets.errors import UserError


class FileError(UserError):
    """Files that cannot be read as they are."""


def named(files: Sequence[Path]) -> str:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0].name}{more}"


def unlike(
    files: Sequence[Path], column: str, types: tuple[str, str], places: tuple[str, str]
) -> FileError:
    """Of a column with values that no type holds together, in two of the files, or folders."""
    return FileError(
        f"{named(files)}: these files have different columns or types: {column!r} is {types[0]} in "
        f"{places[0]} and {types[1]} in {places[1]}; declare each kind as a source of its own"
    )


def which(file: Path, files: Sequence[Path]) -> str:
    """The name of one of several files."""
    return file.name if len(files) > 1 else "the file"


class SourceFormat(ABC):
    """One way of writing a table into files."""

    name: ClassVar[str]
    suffixes: ClassVar[Sequence[str]]
    """How names of its files end, in lower case."""
    unites: ClassVar[bool] = False
    """Whether files of one source may have different columns."""
    gzipped: ClassVar[bool] = False
    """Whether gzip files of it are read, too: `.csv.gz`."""

    @contextlib.contextmanager
    def plain(self, files: Sequence[Path]) -> Iterator[Sequence[Path]]:
        """The files as `scan` reads them: themselves, or copies for as long as the block.

        Raises:
            FileError: One of them cannot be copied.
        """
        yield files

    @abstractmethod
    def scan(self, files: Sequence[Path], types: Mapping[str, str]) -> pl.LazyFrame:
        """The rows of all files as one frame; columns named in `types` may stay text.

        Raises:
            FileError: The files are not alike, or one of them is broken.
            pl.exceptions.PolarsError: The same; `broken` and `difference` are asked for the reason.
        """

    def check_text(self, files: Sequence[Path]) -> None:  # noqa: B027 - may do nothing
        """Looks for mistakes that reading would spoil, before it.

        Raises:
            FileError: There is one.
        """

    def left_out(self, files: Sequence[Path]) -> Mapping[str, str]:  # noqa: ARG002
        """Columns that cannot be read although the others can: why, and what to do."""
        return {}

    def remarks(self, files: Sequence[Path]) -> Sequence[str]:  # noqa: ARG002
        """Says what is good to know of how these files were read, for the log of the run."""
        return ()

    def check(self, files: Sequence[Path], staged: Path) -> None:  # noqa: B027 - may do nothing
        """Looks for mistakes that reading passes over, with the rows that were read in `staged`.

        Raises:
            FileError: There is one.
        """

    @abstractmethod
    def broken(self, files: Sequence[Path], error: BaseException) -> str | None:
        """The line, or the file, that led to `error`, and what to do; None if it is not known."""

    def unreadable(self, file: Path, error: BaseException) -> str:  # noqa: ARG002
        """Why not even the columns of one file can be read; follows on the name of the file."""
        return f"cannot be read ({type(error).__name__})"

    def difference(self, files: Sequence[Path]) -> str | None:  # noqa: ARG002
        """The difference of files with the same columns and types that are not alike; or None."""
        return None
