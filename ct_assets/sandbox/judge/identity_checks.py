"""Reads and checks the identifiers of a record."""

from collections.abc import Callable
from typing import NamedTuple

from ct_assets.clevertap.contract import JUNK_IDENTITIES, OBJECT_ID_CHARACTERS
from ct_assets.sandbox.json_types import Record
from ct_assets.sandbox.judge import refusal_texts
from ct_assets.sandbox.sandbox_settings import Settings

# The tilde begins the ids of Windows devices, though apps may not use it in ids of their own.
_OBJECT_ID = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + OBJECT_ID_CHARACTERS + "~"
)


class ProfileIdentifier(NamedTuple):
    kind: str
    value: str


class IdentityReader:
    """Reads the identifiers of records; `known` says whether an objectId exists."""

    def __init__(self, settings: Settings, known: Callable[[str], bool]) -> None:
        self._numbers = settings.numeric_identity == "stringify"
        self._junk = JUNK_IDENTITIES if settings.junk_identities == "refuse" else frozenset()
        self._longest = settings.limits.identity_bytes
        self._object_id_longest = settings.limits.object_id_length
        self._creates = settings.unknown_object_id == "create"
        self._identity_first = settings.both_identifiers == "identity"
        self._known = known

    def read(self, record: Record) -> tuple[ProfileIdentifier, ...] | refusal_texts.RefusalText:
        """Every identifier at the root, the one that selects the profile first."""
        identifiers = []
        if (object_id := record.get("objectId")) is not None:
            if not self.is_object_id(object_id):
                return refusal_texts.OBJECT_ID
            identifiers.append(ProfileIdentifier("objectId", str(object_id)))
        for kind in ("identity", "FBID", "GPID"):
            if (given := record.get(kind)) is not None:
                value = self.text(given)
                if value is None:
                    return refusal_texts.IDENTITY
                identifiers.append(ProfileIdentifier(kind, value))
        if self._identity_first:
            identifiers.sort(key=lambda identifier: identifier.kind == "objectId")
        return tuple(identifiers) or refusal_texts.IDENTITY

    def text(self, given: object) -> str | None:
        """The identity as the string under which it is kept; None if it is not an identity."""
        if isinstance(given, int | float) and not isinstance(given, bool) and self._numbers:
            given = str(given)
        if not isinstance(given, str) or not given.strip() or given.strip().lower() in self._junk:
            return None
        return given if len(given) <= self._longest else None

    def is_object_id(self, given: object) -> bool:
        if not isinstance(given, str) or not 0 < len(given) <= self._object_id_longest:
            return False
        return _OBJECT_ID.issuperset(given) and (self._creates or self._known(given))
