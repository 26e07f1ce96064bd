"""GuardNames are the names by which a person allows a run to pass a guard."""

from collections.abc import Iterable

from ct_assets.errors import closest

CHANGED_MEANING = "changed_meaning"
SAME, NEW = f"{CHANGED_MEANING}:same", f"{CHANGED_MEANING}:new"
EVENT_KEY = "event_key"
"""A setting; as a guard, the earlier name for `NEW` where it alone was edited."""
RENAMED = "renamed:"
"""Prefix of the guard's name by which a sync takes over the state of its old name."""
GUARDS = (
    *(CHANGED_MEANING, SAME, NEW, EVENT_KEY),
    *("empty_source", "max_removed", "max_changed", "empty_list", "max_shrink"),
    *("new", "lost_state"),
)


def unknown_guard(names: Iterable[str]) -> str | None:
    """Says what is wrong with the first of `names` that no guard has; None if all are known."""
    for name in names:
        if name not in GUARDS and not name.startswith(RENAMED):
            hint = closest(name, [*GUARDS]) or f"; there are {', '.join(GUARDS)}, {RENAMED}<sync>"
            return f"no guard is called {name!r}{hint}"
    return None
