"""ChangedMeaning stops a sync whose edited declaration may be about other people or events.

Under the same keys other events would count as sent, and under other keys the same ones would be
sent again. What the declaration says is asked about only where the rows do not show that they are
those that were sent: a file that was moved, or a column that was renamed, stops nobody.
"""

# ruff: noqa: S608 -- statements are put together from names of ours

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import duckdb

from ct_assets.clevertap.codes import PARKED
from ct_assets.delivery.delivery_request import DeliveryRequest, Policy
from ct_assets.delivery.guards import known_rows
from ct_assets.delivery.guards.guard_names import CHANGED_MEANING, EVENT_KEY, NEW, SAME
from ct_assets.delivery.guards.known_rows import KnownRows, today
from ct_assets.delivery.guards.renamed_sync import GuardError
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.state_database import put, scalar, transaction
from ct_assets.delivery.state.sync_files import STATE
from ct_assets.delivery.state.witness import MEANT_SINCE
from ct_assets.errors import UserError
from ct_assets.sql import opened

DESTINATION = "destination"
"""A setting."""

_SHOWN = {"origin": "the file or table of its source"}

FEW = 20
"""One in so many people may come and go while `identify_by` changes."""


@dataclass(frozen=True)
class Change:
    """An edit of the declaration after which other rows may be meant."""

    settings: Mapping[str, tuple[str, str]]
    """Those in doubt, each as it was and as it is."""
    found: KnownRows
    renamed: int
    """Rows of today whose record was sent under another key, if that is in doubt."""


Answer = Literal["same", "new", "later"]
"""The answer of a person to a change; `later` while no row shows whether there is one."""


def find(
    connection: duckdb.DuckDBPyConnection, request: DeliveryRequest
) -> tuple[Change, Answer] | None:
    """Compares the declaration with the one that the state was delivered by; writes nothing.

    Raises:
        GuardError: Other rows may be meant, and nobody has said which.
    """
    edited = dict(_edited(connection, request.policy))
    if not edited:
        return None
    found = known_rows.count(connection, request.valid, request.policy.object)
    if not found.known:
        return None
    if not found.rows:
        return Change(edited, found, 0), "later"
    same = state_database.get(connection, "declaration") == request.policy.declaration
    doubts = {
        name: words
        for name, words in edited.items()
        if _doubts(name, words, request.policy, found, same=same)
    }
    if not doubts:
        return None
    renamed = _count_renamed(connection, request) if EVENT_KEY in doubts else 0
    change = Change(doubts, found, renamed)
    answer = _answer(request, change)
    if answer is None:
        raise GuardError(_question(request, change))
    if answer == "new":
        _refuse_parked(connection, request)
    return change, answer


def apply(
    connection: duckdb.DuckDBPyConnection,
    request: DeliveryRequest,
    answered: tuple[Change, Answer] | None,
) -> None:
    """Has the state go by the declaration of today, and by the answer."""
    change, answer = answered or (None, None)
    if answer == "later":
        return
    edited = [
        (meta_name(name), words)
        for name, words in _meant(request.policy).items()
        if state_database.get(connection, meta_name(name)) != words
    ]
    if not edited and not answer:
        return
    with transaction(connection):
        if answer == "new":
            connection.execute("delete from synced")
            connection.execute("delete from held")
        elif change and EVENT_KEY in change.settings:
            _rename_keys(connection, request)
        if answer == "new" or (change and EVENT_KEY in change.settings):
            put(connection, MEANT_SINCE, state_database.get(connection, "begun") or "0")
        for name, words in edited:
            put(connection, name, words)


def _meant(policy: Policy) -> dict[str, str]:
    words = {**policy.meaning, "object": policy.object, EVENT_KEY: policy.event_key or ""}
    return {name: each for name, each in words.items() if each or name == DESTINATION}


def meta_name(name: str) -> str:
    """Of a setting, in the state's meta."""
    return name if name == EVENT_KEY else f"meaning:{name}"


def _edited(
    connection: duckdb.DuckDBPyConnection, policy: Policy
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Settings that differ; what an earlier version did not store counts as what it is now."""
    for name, now in _meant(policy).items():
        before = state_database.get(connection, meta_name(name))
        if before and now and before != now:
            yield name, (before, now)


def _doubts(
    name: str, words: tuple[str, str], policy: Policy, found: KnownRows, *, same: bool
) -> bool:
    """Whether an edit of this setting may mean other rows, as far as the rows show.

    `same` says that the declaration is otherwise as it was in the last whole delivery.
    """
    if policy.object == "segment":  # the list is replaced, whatever it was
        return False
    if name == DESTINATION:  # another state, which changed_destination asks about
        return False
    if name == "origin":
        other_records = found.comparable > 0 and not found.agree
        strangers = 2 * found.same_person < found.people
        return policy.object == "event" and other_records and (same or strangers)
    if name == "identify_by" and policy.object == "event":
        return 2 * found.same_person < found.people
    if name == "identify_by":
        moved = min(found.strangers, found.gone) * FEW > min(found.rows, found.known)
        before, now = (set(each.split(", ")) for each in words)
        return moved or not (before & now or (found.agree and found.meet))
    return not (found.agree and found.meet)


def _answer(request: DeliveryRequest, change: Change) -> Answer | None:
    if NEW in request.allow or (EVENT_KEY in request.allow and [*change.settings] == [EVENT_KEY]):
        return "new"
    return "same" if {CHANGED_MEANING, SAME} & request.allow else None


def _question(request: DeliveryRequest, change: Change) -> str:
    policy, found = request.policy, change.found
    rows = f"{policy.object}s"
    edits = (f"{_SHOWN.get(k, k)} was {a} and is {b} now" for k, (a, b) in change.settings.items())
    return (
        f"{policy.sync}: {'; '.join(edits)}. {_evidence(policy, change)}. Nothing was sent. "
        f"If these are the {rows} that were sent before, {request.once(CHANGED_MEANING)}: "
        f"{_sent_if_same(policy, change):,} of {found.rows:,} would be sent"
        f"{_twice(policy, change)}. If they are others, "
        f"with allow: [{NEW}]: all {found.rows:,} would be sent, and {policy.sync} forgets the "
        f"{found.known:,} before them, {_left_behind(policy)}. Or change it back, or give the sync "
        f"a new name{_exchanged(request)}"
    )


def _evidence(policy: Policy, change: Change) -> str:
    found, rows = change.found, f"{policy.object}s"
    if not found.found:
        under = f"; {change.renamed:,} were sent under another key" if change.renamed else ""
        return f"None of its {found.rows:,} {rows} has a key that was sent before{under}"
    told = f"{found.found:,} of its {found.rows:,} {rows} have keys that were sent before"
    if policy.object == "profile":
        return f"{told}, {found.differ:,} of them with other contents"
    if [*change.settings] == ["identify_by"]:
        apart = found.people - found.same_person
        return f"{told} and count as sent, {apart:,} of them for another person"
    return f"{told} and count as sent, {found.differ:,} of them with other contents"


def _sent_if_same(policy: Policy, change: Change) -> int:
    found = change.found
    if EVENT_KEY in change.settings:
        return found.rows - change.renamed
    return found.rows - (found.found if policy.object == "event" else found.alike)


def _twice(policy: Policy, change: Change) -> str:
    """Says what the same people leave behind under other identifiers."""
    gone = change.found.gone
    if policy.object == "event" or "identify_by" not in change.settings or not gone:
        return ""
    fate = "cleared" if policy.on_removed == "clear" else "deleted"
    fate = "stay in CleverTap" if policy.on_removed == "keep" else f"are {fate}, by on_removed"
    return f", and the {gone:,} profiles of the old identifiers {fate}"


def _left_behind(policy: Policy) -> str:
    if policy.object == "profile" and policy.on_removed != "keep":
        return f"which stay in CleverTap: on_removed: {policy.on_removed} does not reach them"
    return "which stay in CleverTap as they are"


def _exchanged(request: DeliveryRequest) -> str:
    """A hint if another sync was delivered by this very declaration: names may be exchanged."""
    meant = {meta_name(name): words for name, words in _meant(request.policy).items() if words}
    for path in sorted(request.home.parent.glob(f"*/{STATE}")):
        if path.parent == request.home:
            continue
        with (
            contextlib.suppress(duckdb.Error, UserError, OSError),
            opened(path, read_only=True) as other,
        ):
            stored = dict(other.execute("from meta").fetchall())
            if meant.items() <= stored.items():
                return f". {path.parent.name} sent just these: were the names exchanged?"
    return ""


def _refuse_parked(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    parked = scalar(connection, f"select count(*) from held where reason = '{PARKED}'")
    if parked:
        sync = request.policy.sync
        raise GuardError(
            f"{sync}: {parked} of its {request.policy.object}s are parked, and would be forgotten. "
            f"Nothing was sent. Decide about them first: ct-assets parked {sync}"
        )


def _count_renamed(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> int:
    pairs = (_renamed(request, table) for table in ("synced", "held"))
    return sum(scalar(connection, f"select count(*) from ({each})") for each in pairs)


def _rename_keys(connection: duckdb.DuckDBPyConnection, request: DeliveryRequest) -> None:
    """Knows each event by its key of today, if its record was sent under another one.

    No other event is known by any key any more, except those that are parked.
    """
    for table in ("synced", "held"):
        connection.execute(f"create temp table renamed as {_renamed(request, table)}")
        if table == "held":
            connection.execute(
                f"insert into renamed select key, key from held where reason = '{PARKED}'"
                f" and key not in (select old_key from renamed)"
            )
        connection.execute(f"delete from {table} where key not in (select old_key from renamed)")
        connection.execute(
            f"update {table} set key = r.key from renamed as r where r.old_key = {table}.key"
        )
        connection.execute("drop table renamed")


def _renamed(request: DeliveryRequest, table: str) -> str:
    """SQL of pairs of keys: equal records in equal numbers are the same events."""
    numbered = "row_number() over (partition by fingerprint order by key) as n"
    return f"""
        select t.key, o.key as old_key
        from (select *, {numbered} from {today(request.valid, "event")}) as t
        join (
            select *, {numbered} from {table} where fingerprint is not null
        ) as o using (fingerprint, n)
    """
