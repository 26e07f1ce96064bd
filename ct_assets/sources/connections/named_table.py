"""NamedTable finds the database of a table that an asset of others names in its metadata.

A table of that name may be in many databases, such as in a stale one of development, so that its
rows are read from the one that it belongs to, or from none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ct_assets.errors import UserError
from ct_assets.sources.connections.database import Database
from ct_assets.sources.connections.declared_connection import DeclaredConnection
from ct_assets.sources.connections.drivers import KINDS
from ct_assets.sources.duckdb_warehouse import Warehouse

Place = Database | Warehouse


@dataclass(frozen=True)
class NamedTable:
    asset: str
    parts: Sequence[str]
    """`database.schema.table`, of which the first may be left out."""
    kinds: frozenset[str]
    """The kinds that the catalog shows, such as dbt and postgres."""

    @property
    def database(self) -> str | None:
        return self.parts[-3] if len(self.parts) > 2 else None

    def name_in(self, place: Place) -> str:
        """The name of the table as a query there has it."""
        if isinstance(place, Warehouse):
            return ".".join(self.parts[-2:])
        parts = self.parts if place.reads_others else self.parts[-2:]
        return ".".join(f'"{part}"' for part in parts)

    def place(self, connections: Mapping[str, DeclaredConnection], warehouse: Warehouse) -> Place:
        """The database that it is in.

        Raises:
            UserError: It may be in none, or in several.
        """
        unknown: list[str] = []
        found = dict(self._places(connections, warehouse, unknown))
        exact = {name: place for name, place in found.items() if self._is_database_of(place)}
        found = exact if len(exact) == 1 else found
        if len(found) == 1:
            return next(iter(found.values()))
        if not found and not connections and self.database is None and not self.kinds & KINDS:
            return warehouse  # whose file is not there, which it tells
        raise UserError(self._in_doubt(list(found), unknown))

    def _places(
        self,
        connections: Mapping[str, DeclaredConnection],
        warehouse: Warehouse,
        unknown: list[str],
    ) -> Iterator[tuple[str, Place]]:
        kinds = self.kinds & KINDS
        if not kinds or "duckdb" in kinds:
            own = self.database in (None, warehouse.database.stem)
            if own and (warehouse.seed is not None or warehouse.database.exists()):
                yield "the warehouse", warehouse
        for name, connection in connections.items():
            try:
                place = connection.database()
            except UserError:
                unknown.append(name)
                continue
            if kinds and not kinds & place.kinds:
                continue
            if self.database is None or place.holds(self.database):
                yield f"connection {name}", place

    def _is_database_of(self, place: Place) -> bool:
        """Of several that could read the table, the connection to its own database is meant."""
        own = place.url.database.partition("/")[0] if isinstance(place, Database) else ""
        return self.database is not None and own.lower() == self.database.lower()

    def _in_doubt(self, found: Sequence[str], unknown: Sequence[str]) -> str:
        table, kinds = ".".join(self.parts), " and ".join(sorted(self.kinds & KINDS))
        named = f"{self.asset} names the table {table}{f' ({kinds})' if kinds else ''}, which"
        not_set = f" (not looked at: {', '.join(unknown)}, whose url is wrong)" if unknown else ""
        if found:
            where = f"may be in {' or '.join(found)}"
        elif self.database is not None:
            where = f"is of the database {self.database!r}, and no connection is to it{not_set}"
        else:
            where = f"is in no database that is known here{not_set}"
        return (
            f"{named} {where}. Its rows are read from no other one: declare a Connection to its "
            f"database, and a SourceTable with `connection`, `table: {'.'.join(self.parts[-2:])}` "
            f"and `upstream: [{self.asset}]`, and name that as the sync's source"
        )
