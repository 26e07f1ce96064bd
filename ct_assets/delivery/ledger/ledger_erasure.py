"""Erasure from the ledger blanks messages of CleverTap that quote a person's identifiers."""

import re
import sqlite3
from collections.abc import Iterable

_RECORD_NUMBER = re.compile(r"Skipped record number\s*:\s*\d+", re.IGNORECASE)
"""CleverTap's messages name a record by its number in the batch."""


def erase(connection: sqlite3.Connection, texts: Iterable[str]) -> None:
    """Blanks messages that quote one of the texts, on free pages, too."""
    connection.create_function("quotes", 2, _quotes, deterministic=True)
    for text in texts:
        for table, column in (("refusals", "message"), ("sends", "why")):
            connection.execute(
                f"update {table} set {column} = '(erased)'"  # noqa: S608 -- constants
                f" where instr({column}, $1) and quotes({column}, $1)",
                (text,),
            )
    connection.execute("vacuum")


def _quotes(message: str, text: str) -> bool:
    """Whether the message quotes the whole text, and not only as the number of a record."""
    whole = rf"(?<!\w){re.escape(text)}(?!\w)"
    return re.search(whole, _RECORD_NUMBER.sub("", message), re.ASCII) is not None
