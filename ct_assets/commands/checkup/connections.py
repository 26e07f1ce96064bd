"""Opens a session of every connection, and says which server answers."""

from collections.abc import Iterator

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, ok
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.components.project.connection_resources import connections_of
from ct_assets.errors import UserError
from ct_assets.sources.connections.warehouses.duckdb_file import DuckdbFile


def connections(project: Project) -> Iterator[Diagnosis]:
    declared = connections_of(project.definitions.resources or {})
    for name, connection in sorted(declared.items()):
        check = f"connection {name}"
        try:
            database = connection.database()
            if isinstance(database, DuckdbFile):
                found = str(database.within(project.warehouse).ensured())
            else:
                with database.session("doctor") as session:
                    found = f"{session.version()}, {len(session.tables()):,} tables can be read"
            yield ok(check, found)
        except UserError as error:
            text = str(error).removeprefix("doctor: ").removeprefix(f"{check}: ")
            fix = "Correct the url in the environment, or what the message names."
            yield failed(check, text, fix)
