"""LogErasure erases a person from the tables that logs of syncs are kept in."""

from collections.abc import Iterator
from datetime import timedelta

from ct_assets.components.assets.log_asset import found
from ct_assets.components.preview.workspace import Workspace
from ct_assets.components.project.connection_resources import connections_of
from ct_assets.delivery.operations.person_rows import Person
from ct_assets.delivery.settlement import log_files
from ct_assets.delivery.state.shared_folders import homes, reading
from ct_assets.errors import UserError
from ct_assets.io_managers.log_tables.log_connection import log_table
from ct_assets.io_managers.log_tables.log_table import take_in
from ct_assets.mapping import Sync
from ct_assets.settings import data_dir

PATIENCE = timedelta(minutes=10)


def erase_from_tables(workspace: Workspace, person: Person) -> Iterator[str]:
    """Erases them from every table, once the logs' files are without them; yields what failed."""
    for declared in workspace.syncs.values():
        if declared.sync.log and declared.sync.log.table:
            try:
                _erase(workspace, declared.sync, declared.sync.log.table, person)
            except UserError as error:
                yield f"{error}. The person may still be in {declared.sync.log.table}: run it again"


def _erase(workspace: Workspace, sync: Sync, table: str, person: Person) -> None:
    connection = found(sync, connections_of(workspace.definitions.resources or {}))
    values = {value for _, value in person}
    with log_table(connection, table, f"the log of {sync.name}") as opened:
        for home in homes(data_dir() / "state", sync=sync.name):
            with reading(home, PATIENCE, needs=f"{log_files.FOLDER}/*"):
                files = log_files.files(home)
                take_in(opened, files, sync.name, home.parent.name, erased=values)
