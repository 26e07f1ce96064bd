"""Judges the records of one upload."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ct_assets.sandbox.json_types import Json, Record
from ct_assets.sandbox.judge import profile_checks, refusal_texts
from ct_assets.sandbox.judge.event_checks import EventChecks
from ct_assets.sandbox.judge.identity_checks import IdentityReader, ProfileIdentifier
from ct_assets.sandbox.judge.profile_checks import ProfileChecks
from ct_assets.sandbox.judge.token_checks import TokenChecks
from ct_assets.sandbox.sandbox_settings import Settings

KINDS = ("profile", "event", "token")


class Accepted(NamedTuple):
    position: int
    identifiers: tuple[ProfileIdentifier, ...]
    record: Record


class Refused(NamedTuple):
    position: int
    refusal: refusal_texts.RefusalText
    record: Json
    """The record as the answer repeats it."""


class Judge:
    """`known` says whether an objectId belongs to a profile."""

    def __init__(self, settings: Settings, known: Callable[[str], bool]) -> None:
        self._identities = IdentityReader(settings, known)
        self._profiles = ProfileChecks(settings)
        self._events = EventChecks(settings)
        self._tokens = TokenChecks(settings, self._identities)
        self._latest = settings.max_timestamp

    def judge(self, records: Sequence[Json]) -> tuple[list[Accepted], list[Refused]]:
        accepted, refused = [], []
        for position, record in enumerate(records):
            verdict = self._verdict(record)
            if isinstance(verdict, refusal_texts.RefusalText):
                refused.append(Refused(position, verdict, _echo(record, verdict)))
            else:
                accepted.append(Accepted(position, *verdict))
        return accepted, refused

    def _verdict(
        self, record: Json
    ) -> tuple[tuple[ProfileIdentifier, ...], Record] | refusal_texts.RefusalText:
        if not isinstance(record, dict) or (kind := record.get("type")) not in KINDS:
            return refusal_texts.TYPE
        if kind == "token":
            failure = self._tokens.first_failure(record)
            return failure or ((ProfileIdentifier("objectId", str(record["objectId"])),), record)
        identifiers = self._identities.read(record)
        if isinstance(identifiers, refusal_texts.RefusalText):
            return identifiers
        ts = record.get("ts")
        if ts is not None and not (type(ts) is int and 0 < ts <= self._latest):
            return refusal_texts.TIMESTAMP
        return self._failure(record) or (identifiers, record)

    def _failure(self, record: Record) -> refusal_texts.RefusalText | None:
        if record["type"] == "event":
            return self._events.first_failure(record)
        data = record.get("profileData") or {}
        return self._profiles.first_failure(data) if isinstance(data, dict) else refusal_texts.TYPE


def _echo(record: Json, refusal: refusal_texts.RefusalText) -> Json:
    if isinstance(record, dict) and record.get("type") == "profile":
        return profile_checks.echo(record, refusal)
    return record
