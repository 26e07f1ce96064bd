"""Names of fields and events are checked by CleverTap's rules, and its own are known by type."""

from typing import Literal

from ct_assets.clevertap.contract import (
    FORBIDDEN_CHARACTERS,
    LIMITS,
    RESERVED_EVENTS,
    RESERVED_PREFIX,
    Limits,
)
from ct_assets.clevertap.fields import (
    BIRTHDAY,
    CHARGED,
    CHARGED_FIELDS,
    CLOSED_FIELDS,
    IDENTIFYING_FIELDS,
    ITEMS,
    PROFILE_FIELDS,
    FieldType,
)
from ct_assets.system_columns import SYSTEM_COLUMNS

Fielded = Literal["profile", "event", "token", "subscription"]
"""Objects that have fields."""
Named = Literal[Fielded, "event_name", "item"]

_OWN_FIELDS = {name.casefold(): name for name in PROFILE_FIELDS}
_IDENTIFYING = {name.casefold() for name in IDENTIFYING_FIELDS}


def field_type(
    object: Fielded,  # noqa: A002  the word of the declaration
    name: str,
    event: str | None = None,
) -> FieldType | None:
    """The type that CleverTap gives the field itself; None for properties of one's own.

    `event` is the event's name if it is the same for all rows.
    """
    if object == "profile":
        return PROFILE_FIELDS.get(name)
    if object != "event":
        return CLOSED_FIELDS[object].get(name)
    if event not in (None, CHARGED):
        return None
    if name == ITEMS:
        return FieldType.ITEMS
    return CHARGED_FIELDS.get(name) if event == CHARGED else None


def event_key(name: str) -> str:
    """Form in which CleverTap compares event names: neither case nor spaces count."""
    return name.replace(" ", "").lower()


RESERVED_EVENT_KEYS = frozenset(event_key(name) for name in RESERVED_EVENTS)


def problems_of_name(named: Named, name: str, *, limits: Limits = LIMITS) -> str | None:
    """Why CleverTap would not take the name of a field or an event, and what to write instead."""
    if (fields := CLOSED_FIELDS.get(named)) is not None:
        known = ", ".join(fields)
        return None if name in fields else f"is no field of a {named}: it has {known}."
    problem = _problem_of_any(named, name, limits)
    if problem is not None or named == "item":
        return problem
    return _problem_of_event(name) if named == "event_name" else _problem_of_field(named, name)


def _problem_of_any(named: Named, name: str, limits: Limits) -> str | None:
    if not name.strip():
        return "a name cannot be empty."
    if name != name.strip():
        return f"blanks at the start or the end of a name get lost: write {name.strip()!r}."
    forbidden = "".join(dict.fromkeys(c for c in name if c in FORBIDDEN_CHARACTERS))
    if forbidden:
        plain = "".join("_" if c in FORBIDDEN_CHARACTERS else c for c in name)
        return f"CleverTap forbids {' '.join(forbidden)} in names: write, say, {plain!r}."
    if not name.isprintable():
        return "control characters and other invisible ones do not belong in a name."
    longest = limits.event_name_bytes if named == "event_name" else limits.key_bytes
    length = len(name.encode())
    if length > longest:
        return f"the name is {length} bytes long, and CleverTap takes {longest}: shorten it."
    if name.lower().startswith(RESERVED_PREFIX):
        return f"names that begin with {RESERVED_PREFIX} are CleverTap's own: choose another."
    return None


def _problem_of_event(name: str) -> str | None:
    if event_key(name) in RESERVED_EVENT_KEYS:
        return (
            "only CleverTap raises this event (code 513; case and spaces do not count): choose "
            f"another name, say 'My {name}'."
        )
    known = CHARGED
    if event_key(name) == event_key(known) and name != known:
        return f"CleverTap's event of a purchase is written {known!r}."
    return None


def _problem_of_field(named: Named, name: str) -> str | None:
    folded = name.casefold()
    if folded in SYSTEM_COLUMNS:
        return "a column of our own has this name: choose another."
    if named == "event":
        return None
    if folded in _IDENTIFYING:
        return "an identifier is no field: name its column under `identify_by`."
    if folded == BIRTHDAY.casefold():
        return "CleverTap keeps this name for itself: the date of birth is the field 'DOB'."
    known = _OWN_FIELDS.get(folded)
    if known is not None and known != name:
        return f"CleverTap's own field is written {known!r}; {name!r} would be a second property."
    return None
