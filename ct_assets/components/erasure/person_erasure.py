"""PersonErasure erases a person here and at every destination, and holds their rows since."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination
from ct_assets.components.erasure.log_erasure import erase_from_tables
from ct_assets.components.erasure.staged_erasure import erase_staged, named_by
from ct_assets.components.preview.workspace import Workspace
from ct_assets.delivery.operations.erasure import ErasureError, erase_person
from ct_assets.delivery.operations.person_rows import Person, identifiers_of
from ct_assets.delivery.state.shared_folders import homes
from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.errors import UserError, mask
from ct_assets.files import sweep_scratch
from ct_assets.io_managers.resources import destinations
from ct_assets.io_managers.resources.destinations import DestinationGuardError
from ct_assets.settings import data_dir


@dataclass(frozen=True)
class PersonErasure:
    workspace: Workspace
    kind: str
    value: str
    """As identifiers are sent: without blanks around it."""
    instance: dg.DagsterInstance | None = None
    """Which may know an account that the environment names no more."""

    def reached(self) -> Mapping[str, Destination]:
        """Destinations by name; a sandbox that never ran has nobody to erase and is left out.

        So is one where a guard lets nothing be sent: an account that is named no more, for
        instance.
        """
        reached = {}
        for declared in self.workspace.syncs.values():
            sync, example = declared.sync, declared.is_example
            accounts = self.workspace.accounts
            with contextlib.suppress(DestinationGuardError):
                if destinations.known(sync, self.instance, is_example=example, accounts=accounts):
                    to = destinations.started(sync, is_example=example, accounts=accounts)
                    reached[to.name] = to
        return reached

    def forget(self, reached: Mapping[str, Destination], tell: Callable[[str], object]) -> str:
        """Erases the person; gives the sentence that says so.

        Raises:
            UserError: Something is left to do, at a destination or in a table.
        """
        folders = {path.name for path in _folders()}
        syncs = [declared.sync for declared in self.workspace.syncs.values()]
        person = named_by(self.workspace.staging, syncs, self.kind, self.value)
        failed = [
            error
            for name in sorted(folders | reached.keys())
            if (error := self._forget_at(name, reached.get(name), person, tell))
        ]
        rows = erase_staged(self.workspace.staging, syncs, person)
        failed += erase_from_tables(self.workspace, person)
        sweep_scratch()
        tell(f"Staged files: {rows:,} row{'' if rows == 1 else 's'} erased.")
        if not folders and not reached:
            raise UserError(
                f"nothing was ever sent from {data_dir()}, and no credentials are set: nobody can "
                "be erased there, and nothing would hold the person back; is CT_DATA_DIR right?"
            )
        if failed:
            raise UserError("\n".join(failed))
        return f"{mask(self.value)} is forgotten; rows that name them are held back from now on."

    def lift(self) -> str:
        """Lets the person's rows go again, by all identifiers that their rows bear today.

        Raises:
            UserError: They are forgotten nowhere.
        """
        folders = _folders()
        person = {(self.kind, self.value)}
        for declared in self.workspace.syncs.values():
            with contextlib.suppress(UserError), self.workspace.rows(declared) as rows:
                person |= set(identifiers_of(rows.valid.path, self.kind, self.value))
        lifted = [folder.name for folder in folders if Suppressions(folder).lift(person)]
        if not lifted:
            raise UserError(
                f"{mask(self.value)} is not forgotten at any destination; is the --kind right?"
            )
        for folder in folders:
            Suppressions(folder).drop_pending(person)
        return (
            f"{mask(self.value)} is forgotten no more ({', '.join(lifted)}). Their rows go with "
            "the next runs, as rows that were never sent: events, too."
        )

    def _forget_at(
        self, name: str, to: Destination | None, person: Person, tell: Callable[[str], object]
    ) -> str | None:
        """Forgets the person at one destination; gives the text of what is left to do, if any."""
        folder = data_dir() / "state" / name
        syncs = self.workspace.syncs.items()
        policies = {sync: self.workspace.policy(declared.sync) for sync, declared in syncs}
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(Client(to)) if to else None
            try:
                erased = erase_person(
                    folder, self.value, client, kind=self.kind, also=person, policies=policies
                )
            except ErasureError as error:
                if to is None:
                    raise
                return f"{destinations.label(to)}: {error}"
        remote = (
            f"deleted from {destinations.label(to)}"
            if to
            else "not deleted there: no credentials for it are set"
        )
        rows = sum(erased.rows.values())
        tell(
            f"{name}: {rows:,} row{'' if rows == 1 else 's'} of state and {erased.files:,} of "
            f"reports erased; {remote}."
        )
        return None


def _folders() -> list[Path]:
    """Those of all destinations that anything is known of, here or on other hosts."""
    states = data_dir() / "state"
    here = {path for path in states.glob("*") if path.is_dir()}
    return sorted(here | {home.parent for home in homes(states)})
