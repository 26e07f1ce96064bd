"""Checks device tokens."""

from ct_assets.sandbox.json_types import Record
from ct_assets.sandbox.judge import refusal_texts
from ct_assets.sandbox.judge.identity_checks import IdentityReader
from ct_assets.sandbox.sandbox_settings import Settings

# How an objectId begins says which SDK made it; one without a sign is of a browser.
_PREFIXES = (("__", "Android"), ("-", "iOS"), ("~", "Windows"))
_TYPES = {
    "Android": {"fcm", "gcm"},
    "iOS": {"apns"},
    "Windows": {"wns", "mpns"},
    "Web": {"chrome"},
}


def platform_of(object_id: str) -> str:
    return next((name for prefix, name in _PREFIXES if object_id.startswith(prefix)), "Web")


class TokenChecks:
    def __init__(self, settings: Settings, identities: IdentityReader) -> None:
        self._types = settings.token_types
        self._identities = identities

    def first_failure(self, record: Record) -> refusal_texts.RefusalText | None:
        object_id, token = record.get("objectId"), record.get("tokenData")
        if not isinstance(object_id, str) or not self._identities.is_object_id(object_id):
            return refusal_texts.TOKEN_OBJECT_ID
        if not isinstance(token, dict):
            return refusal_texts.TOKEN_DATA
        if not token.get("id"):
            return refusal_texts.TOKEN_ID_MISSING
        if not token.get("type"):
            return refusal_texts.TOKEN_TYPE_MISSING
        return self._unfit(object_id, token)

    def _unfit(self, object_id: str, token: Record) -> refusal_texts.RefusalText | None:
        kind = token["type"]
        if not isinstance(token["id"], str) or not isinstance(kind, str):
            return refusal_texts.TOKEN_DATA
        if kind not in self._types:
            return refusal_texts.TOKEN_INVALID
        if kind not in _TYPES[platform_of(object_id)]:
            return refusal_texts.TOKEN_PLATFORM
        return None if kind != "chrome" or _has_keys(token) else refusal_texts.TOKEN_INVALID


def _has_keys(token: Record) -> bool:
    keys = token.get("keys")
    return isinstance(keys, dict) and all(isinstance(keys.get(k), str) for k in ("p256dh", "auth"))
