"""Compares the types of properties in each account with what the last run of a sync made."""

from collections.abc import Iterator

from ct_assets.commands.checkup.diagnosis import Diagnosis, note, ok
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import counted
from ct_assets.components.project.registry import Declared
from ct_assets.delivery.arrival.account_types import type_conflicts
from ct_assets.errors import UserError


def conflicts_of_types(project: Project) -> Iterator[Diagnosis]:
    """Nothing of syncs that never ran, or whose account does not tell."""
    for _, declared in sorted(project.syncs.items()):
        if declared.sync.object == "profile":
            yield from _of(project, declared)


def _of(project: Project, declared: Declared) -> Iterator[Diagnosis]:
    name, valid = declared.sync.name, project.staged(declared.sync.name, "valid")
    try:
        destination = project.destination(name)
    except UserError:  # the look at destinations reports that
        return
    if valid is None or destination is None:
        return
    conflicts = type_conflicts(destination, valid.path)
    if conflicts:
        for conflict in conflicts:
            yield note(f"types of {name}", str(conflict))
    elif conflicts is not None:
        fields = counted(len(declared.sync.fields), "field")
        yield ok(f"types of {name}", f"{fields}, and the account has none of them in another type")
