"""Finds syncs that delete profiles which another sync still takes for sent."""

from collections.abc import Iterable, Iterator

from ct_assets.commands.checkup.diagnosis import Diagnosis, note
from ct_assets.mapping import Sync


def removals(syncs: Iterable[Sync]) -> Iterator[Diagnosis]:
    """A note for each sync that deletes profiles which another one may still send."""
    profiles = sorted((s for s in syncs if s.object == "profile"), key=lambda sync: sync.name)
    for sync in profiles:
        others = [o.name for o in profiles if o is not sync and o.destination == sync.destination]
        if sync.on_removed == "delete" and others:
            yield note(
                f"removals of {sync.name}",
                "on_removed: delete takes whole profiles, also those of "
                f"{', '.join(others)}, whose rows then count as unchanged; where they share "
                "people, use on_removed: clear, or run the others with --full after a deletion",
            )
