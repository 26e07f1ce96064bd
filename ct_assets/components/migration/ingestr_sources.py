"""IngestrSources declare where the rows of a command of ingestr are; no password is taken over."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ct_assets.components.migration.imported_sync import ImportedSync
from ct_assets.components.migration.ingestr_commands import IngestrCommand
from ct_assets.components.scaffold.proposed_source import plain
from ct_assets.sources.connections.drivers import DRIVERS

_FILES = {"csv": "csv", "parquet": "parquet", "jsonl": "ndjson"}
_BUCKETS = {"s3": "s3", "gs": "gs", "gcs": "gs", "az": "az", "adls": "az"}


@dataclass
class Sources:
    connection: str | None
    """The one that a person named for all."""
    named: dict[str, str] = field(default_factory=dict)
    """The connections that were declared so far, by what the export calls them."""

    def read(self, made: ImportedSync, command: IngestrCommand) -> None:
        """Declares the source, or says why it cannot be declared."""
        uri, table = command.one("source-uri"), command.one("source-table")
        place = self._place(made, command, uri, table)
        if place is None:
            return
        query = table.removeprefix("query:")
        rows = {"sql": query} if query != table else {"table": table}
        made.source = {"asset": f"source/{made.name}", **({} if "file" in place else rows), **place}
        if ":interval_" in table:
            made.lost.append(
                "the query names :interval_start or :interval_end: take that condition out of `sql`"
            )

    def _place(
        self, made: ImportedSync, command: IngestrCommand, uri: str, table: str
    ) -> dict[str, Any] | None:
        kind, _, rest = uri.partition("://")
        kind = kind.partition("+")[0].lower()
        path = rest.partition("?")[0]
        if kind in _FILES:
            return {"file": path, **_format(path, _FILES[kind])}
        if kind in _BUCKETS:
            return {"file": f"{_BUCKETS[kind]}://{table.partition('#')[0].lstrip('/')}"}
        if self.connection:
            return {"connection": self.connection}
        if kind == "duckdb":
            return {"database": path.removeprefix("/") if path.startswith("/") else path}
        if kind in DRIVERS or (not uri and command.connection):
            return {"connection": self._declared(made, kind, uri, command.connection)}
        made.lost.append(
            f"its source is {kind or 'not named'}: let an integration of Dagster make the asset, "
            "and write its key as `source`"
        )
        return None

    def _declared(self, made: ImportedSync, kind: str, uri: str, theirs: str) -> str:
        """The name of the connection, which is declared with the first sync that reads it."""
        known = uri or theirs
        if known not in self.named:
            database = theirs or urlsplit(uri).path.strip("/").partition("/")[0] or kind
            name = plain(database.lower())
            while name in self.named.values():
                name = f"{name}_2"
            self.named[known] = name
            variable = f"{name.upper()}_URL"
            made.connection = {"name": name, "url": f"{{{{ env.{variable} }}}}"}
            made.lost.append(
                f"the source's URI, which may have a password: set {variable} to it, as the page "
                "Warehouses shows"
            )
        return self.named[known]


def _format(path: str, name: str) -> dict[str, str]:
    return {} if name in path.rpartition("/")[2] else {"format": name}
