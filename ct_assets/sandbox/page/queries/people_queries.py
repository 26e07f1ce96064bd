"""Finds profiles by identifier, e-mail, phone or name."""

import sqlite3
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

NAMES_SEARCHED = 20_000
MATCHES = 100
_PHONE_CHARACTERS = frozenset("+0123456789 -().")
_LONGEST_PHONE = 15
_ID_LETTERS = 6
_END = "\U0010ffff"


class Person(NamedTuple):
    pid: int
    first_seen: int
    last_seen: int
    props: dict[str, Any]
    identifiers: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        name = self.props.get("Name")
        return name if isinstance(name, str) else ""

    @property
    def identities(self) -> list[str]:
        return [value for kind, value in self.identifiers if kind == "identity"]

    @property
    def phone(self) -> str:
        """Kept as an integer, without the plus sign."""
        number = self.props.get("Phone")
        return "" if number is None else f"+{number}"

    @property
    def title(self) -> str:
        return self.name or (self.identities or [value for _, value in self.identifiers] or [""])[0]


class Device(NamedTuple):
    object_id: str
    platform: str
    token: str | None
    token_type: str | None


def total(reader: sqlite3.Connection) -> int:
    count: int = reader.execute("select count(*) from profiles").fetchone()[0]
    return count


def newest(reader: sqlite3.Connection, before: int | None, most: int) -> list[Person]:
    rows = reader.execute(
        "select pid from profiles where pid < coalesce(?, 9e18) order by pid desc limit ?",
        (before, most),
    )
    return _people(reader, [row[0] for row in rows])


def search(reader: sqlite3.Connection, words: str) -> list[Person]:
    """People whose identifier, e-mail or phone starts with `words`, or whose name has them in it.

    At most `MATCHES`; names are looked at in the newest `NAMES_SEARCHED` profiles.
    """
    pids: dict[int, None] = {}
    for look in (_by_identifier, _by_email, _by_phone, _by_name):
        pids |= dict.fromkeys(look(reader, words))
    return _people(reader, list(pids)[:MATCHES])


def one(reader: sqlite3.Connection, pid: int) -> Person | None:
    return next(iter(_people(reader, [pid])), None)


def devices(reader: sqlite3.Connection, pid: int) -> list[Device]:
    rows = reader.execute(
        "select object_id, platform, token, token_type from devices where pid = ? limit 100", (pid,)
    )
    return [Device(*row) for row in rows]


def unsubscribed(reader: sqlite3.Connection, person: Person) -> list[str]:
    """Which of the person's addresses want no messages."""
    given = {"email": person.props.get("Email"), "phone": person.props.get("Phone")}
    rows = reader.execute(
        "select kind from unsubscribed where (kind = 'email' and value = ?)"
        " or (kind in ('phone', 'whatsapp') and value in (?, ?))",
        (given["email"], str(given["phone"]), f"+{given['phone']}"),
    )
    return [row[0] for row in rows]


def _by_identifier(reader: sqlite3.Connection, words: str) -> list[int]:
    pids: list[int] = []
    # Ids that CleverTap generates begin with any letters, so that a few letters match by chance.
    for kind in ("identity", "FBID", "GPID", "objectId")[: 4 if len(words) >= _ID_LETTERS else 3]:
        rows = reader.execute(
            "select pid from identifiers where kind = ? and value >= ? and value < ?"
            " order by value limit ?",
            (kind, words, words + _END, MATCHES),
        )
        pids += [row[0] for row in rows]
    return pids


def _by_email(reader: sqlite3.Connection, words: str) -> list[int]:
    pids: list[int] = []
    for start in {words, words.lower()}:
        rows = reader.execute(
            "select pid from profiles where email >= ? and email < ? order by email limit ?",
            (start, start + _END, MATCHES),
        )
        pids += [row[0] for row in rows]
    return pids


def _by_phone(reader: sqlite3.Connection, words: str) -> list[int]:
    digits = "".join(filter(str.isdigit, words)).lstrip("0")
    if not _PHONE_CHARACTERS.issuperset(words) or not 3 <= len(digits) <= _LONGEST_PHONE:
        return []
    pids: list[int] = []
    # Numbers are kept as integers: those that start with 55 are 55, 550 to 559, 5500 to 5599 ...
    for power in range(_LONGEST_PHONE + 1 - len(digits)):
        first = int(digits) * 10**power
        rows = reader.execute(
            "select pid from profiles where phone >= ? and phone < ? limit ?",
            (first, first + 10**power, MATCHES),
        )
        pids += [row[0] for row in rows]
    return pids


def _by_name(reader: sqlite3.Connection, words: str) -> list[int]:
    reader.create_function("folded", 1, folded, deterministic=True)
    rows = reader.execute(
        "select pid from (select pid, props from profiles order by pid desc limit ?)"
        " where instr(folded(json_extract(props, '$.Name')), ?) limit ?",
        (NAMES_SEARCHED, folded(words), MATCHES),
    )
    return [row[0] for row in rows]


def folded(text: object) -> str:
    """As it is compared: `KOHLER` finds Köhler, and `köhler` Kohler."""
    apart = unicodedata.normalize("NFKD", "" if text is None else str(text))
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold()


def _people(reader: sqlite3.Connection, pids: Sequence[int]) -> list[Person]:
    people = [_person(reader, pid) for pid in pids]
    return [person for person in people if person is not None]


def _person(reader: sqlite3.Connection, pid: int) -> Person | None:
    row = reader.execute(
        "select first_seen, last_seen, props from profiles where pid = ?", (pid,)
    ).fetchone()
    if row is None:
        return None
    identifiers = reader.execute(
        "select kind, value from identifiers where pid = ?"
        " order by kind = 'objectId', at, kind desc limit 200",
        (pid,),
    )
    return Person(pid, row[0], row[1], orjson.loads(row[2]), tuple((k, v) for k, v in identifiers))
