"""KnownDeliveries says what Dagster knows of the deliveries of each state, and whose it is."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import dagster as dg

from ct_assets.clevertap.destination import Destination, DestinationError
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.delivery import Policy
from ct_assets.delivery.state.witness import Witness
from ct_assets.io_managers import delivery_witness
from ct_assets.io_managers.delivery_requests import home


@dataclass(frozen=True)
class KnownDeliveries:
    """Of the declared syncs, at the destinations that they have now."""

    project: Project
    instance: dg.DagsterInstance | None

    @cached_property
    def homes(self) -> dict[Path, Destination]:
        found = {}
        for name in self.project.syncs:
            try:
                to = self.project.destination(name, self.instance)
            except DestinationError:
                continue
            if to is not None:
                found[home(to.name, name)] = to
        return found

    def witnesses(self, state: Path) -> tuple[Witness, ...]:
        to = self.homes.get(state)
        if to is None or self.instance is None:
            return ()
        return delivery_witness.latest(self.instance, state.name, to)

    def policy(self, state: Path) -> Policy | None:
        """None if no sync of today has this state."""
        if state not in self.homes:
            return None
        return self.project.policy(self.project.sync(state.name).sync)
