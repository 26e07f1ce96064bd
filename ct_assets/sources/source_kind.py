"""SourceKind says what a place that rows come from must be able to do: a file, a table, a query.

To add a kind: a module with a subclass of `SourceKind` and one of `SourceRows`, and one line in
`Source`: the setting of its name, annotated with the kind.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ct_assets.sources.connections.database import Database
from ct_assets.sources.duckdb_warehouse import Warehouse
from ct_assets.sources.formats import CsvSettings
from ct_assets.sources.incremental.lower_bound import LowerBound


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The place of the rows, as a declaration names it."""

    asset: str
    value: str
    """The value of the kind's setting: a path, the name of a table, a query."""
    types: Mapping[str, str]
    csv: CsvSettings
    format: str | None = None
    """Of files, if their names do not tell it."""
    catalog: str | None = None
    """Of an Iceberg table."""
    root: Path
    """Where relative files start."""
    folder: Path
    """Where the declaration stands."""
    database: Database | None = None
    """That of a connection, in place of the warehouse."""


class SourceRows(ABC):
    """The rows of one source, as they are now; every method reads them anew, and streams."""

    @abstractmethod
    def snapshot(self, into: Path) -> Mapping[str, str]:
        """Write all rows to the Parquet file `into`.

        Gives the columns that cannot be read and are left out, with the reason of each.
        """

    @abstractmethod
    def written(self) -> str:
        """A text that is another one once anybody wrote to where the rows are."""

    @abstractmethod
    def largest(self, column: str, wanted_by: str = "watermark") -> str:
        """The largest value of a column, as text; "None" if it has none.

        Raises:
            UserError: There is no such column; the message names the setting that wants it.
        """

    @abstractmethod
    def count(self, beyond: tuple[str, str] | None) -> int:
        """How many rows there are, or how many whose column is larger than `beyond` says."""

    def stamp(self) -> str:
        """A text that is another one with other rows, known without reading them; else empty."""
        return ""

    def primary_key(self) -> Sequence[str]:
        """The columns of the primary key, if the rows are those of a table that has one."""
        return ()

    def since(self, bound: LowerBound) -> "SourceRows":
        """Those rows whose watermark is the bound or lies beyond it, or that have none; of SQL."""
        raise NotImplementedError(bound)

    def at_rest(self, read: Callable[[], None], folder: Path) -> None:  # noqa: ARG002
        """Calls `read`; again, if the rows can be cut because someone writes to them meanwhile.

        `folder` takes what is needed until then, such as copies.
        """
        read()


class SourceKind(ABC):
    """Where the rows of a source come from."""

    in_warehouse: ClassVar[bool]
    """Whether SQL in a database gives the rows: `database` may name it, and SQL says the types."""

    @abstractmethod
    def tag(self, value: str) -> str:
        """The kind that Dagster's catalog shows, such as `csv`."""

    @abstractmethod
    def rows(self, origin: Origin, warehouse: Warehouse) -> SourceRows: ...

    def problem(self, value: str) -> str | None:  # noqa: ARG002
        """A mistake in the value of the setting, and what to write; None if there is none."""
        return None

    def query(self, origin: Origin) -> str:  # noqa: ARG002
        """The SQL that gives the rows; the asset's code version follows it."""
        return ""
