"""Object fences, in the names of objects, tell of a database that is older than its bucket.

Before anything is sent, the files of a delivery become objects whose names begin with its fence. So
an object with a later fence than the database has ever given shows that the database was set back
or replaced: what was sent since then is in its bucket, and the database does not know of it.
"""

from collections.abc import Iterator

from ct_assets.store.objects import Objects
from ct_assets.store.store_settings import StoreError

STATES = "state/"
DIGITS = 10


class DatabaseBehindError(StoreError):
    """The bucket has files of a folder that the database does not know of."""


def prefix_of(destination: str, sync: str) -> str:
    return f"{STATES}{destination}/{sync}/"


def numbered(fence: int) -> str:
    """The beginning of the name of an object."""
    return f"{fence:0{DIGITS}}"


def below(objects: Objects, prefix: str, fence: int) -> Iterator[str]:
    """Names of the objects with a lower fence than this one."""
    for name in list(objects.names(prefix)):
        if 0 <= fence_of(name, prefix) < fence:
            yield name


def later(objects: Objects, prefix: str, fence: int) -> Iterator[str]:
    """Names of the objects with a later fence than this one."""
    return objects.names_after(prefix, numbered(fence + 1))


def latest(objects: Objects, prefix: str, fence: int) -> int:
    """The latest fence of an object; `fence`, if none has a later one."""
    found = (fence_of(name, prefix) for name in later(objects, prefix, fence))
    return max((fence, *found))


def check(objects: Objects, names: tuple[str, str], fence: int, database: str) -> None:
    """Before a fence is taken: the last one that the database gave is `fence`.

    Raises:
        DatabaseBehindError: An object has a later one.
    """
    found = latest(objects, prefix_of(*names), fence)
    if found <= fence:
        return
    sync = names[1]
    raise DatabaseBehindError(
        f"{sync}: {objects.place} has files of its {found}th change, and the database {database} "
        f"knows of {fence} changes: the database was set back or replaced, or another one is used "
        "with this CT_STORE_URL. What was sent since then is not known, and nothing was sent now. "
        "Name the right database or another folder; or bring back what is left: ct-assets state "
        f"rebuild {sync}, from a backup: ct-assets state restore FOLDER, or where CT_DATA_DIR of a "
        "host has the latest copy: ct-assets state copy"
    )


def fence_of(name: str, prefix: str) -> int:
    """-1 of a name that is no object's of a state."""
    digits = name.removeprefix(prefix).partition("-")[0]
    return int(digits) if digits.isdecimal() else -1
