"""Defines the error that a person can mend, and keeps secret values out of texts of errors."""

import difflib
import errno
import hashlib
import re
from collections.abc import Sequence


class UserError(Exception):
    """A mistake or a circumstance that a person can mend; the message says what, where and how."""


def mask(value: str) -> str:
    """`value` as it may appear in a message: two characters at the start, a digest of the rest.

    The digest tells two masked values apart without giving either away.
    """
    digest = hashlib.blake2b(value.encode(), digest_size=3).hexdigest()
    return f"{value[:2] if len(value) > 4 else ''}…{digest}"


def closest(name: str, known: list[str], *, likeness: float = 0.6) -> str:
    """A hint such as `; did you mean 'Email'?`, or nothing when no known name is near."""
    lowered = [k.lower() for k in known]
    matches = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=likeness)
    original = next((k for k in known if matches and k.lower() == matches[0]), None)
    return f"; did you mean {original!r}?" if original else ""


def no_column(column: str, columns: Sequence[str], wanted_by: str) -> str:
    """Says that there is none of this name; `wanted_by` is the setting that names it."""
    return f"no column {column!r} (wanted by `{wanted_by}`){closest(column, list(columns))}"


def disk_trouble(error: BaseException) -> str | None:
    """The fault of the disk that an error of any library reports, or None; quotes no value."""
    text = str(error).lower()
    if getattr(error, "errno", None) == errno.ENOSPC or "no space" in text or "is full" in text:
        return "the disk is full"
    if "readonly" in text or "read-only" in text:
        return "cannot be written to: the disk, or a file on it, is read-only"
    return None


def lock_holder(error: BaseException) -> str | None:
    """The process that has a database open, such as `duckdb (process 7)`, from DuckDB's error."""
    holder = re.search(r"Conflicting lock is held in (?:\S*/)?([^/]+?) \(PID (\d+)\)", str(error))
    if holder:
        return f"{holder[1]} (process {holder[2]})"
    return "another process" if "Could not set lock on file" in str(error) else None


def hushed(error: BaseException) -> None:
    """Take the texts out of an exception that may quote rows, and out of what led to it.

    `raise ... from None` only hides them: they stay in `__context__`, where loggers find them.
    """
    link: BaseException | None = error
    while link is not None:
        if not isinstance(link, UserError):
            link.args = ("left out: it may quote values",)
        link = link.__cause__ or link.__context__
