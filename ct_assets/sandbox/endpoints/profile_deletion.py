"""Deletes profiles, and demerges those that were merged by mistake; both are asynchronous."""

from typing import NamedTuple

from ct_assets.clevertap.contract import MAX_DELETES
from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Sandbox
from ct_assets.sandbox.json_types import Json, read_object
from ct_assets.sandbox.judge.identity_checks import ProfileIdentifier


class BodyField(NamedTuple):
    """A field of the body, and the kind of identifier it holds."""

    name: str
    kind: str


_DELETE = (BodyField("identity", "identity"), BodyField("guid", "objectId"))
_DEMERGE = (BodyField("identities", "identity"),)


def delete_profiles(sandbox: Sandbox, call: Call) -> Answer:
    """POST /1/delete/profiles.json: unknown ids are ignored without an error."""
    return _scheduled(sandbox, call, "delete", _DELETE, sandbox.settings.delete_delay_seconds)


def demerge_profiles(sandbox: Sandbox, call: Call) -> Answer:
    """POST /1/demerge/profiles.json: each device becomes a profile without identities."""
    return _scheduled(sandbox, call, "demerge", _DEMERGE, sandbox.settings.demerge_delay_seconds)


def _scheduled(
    sandbox: Sandbox, call: Call, action: str, fields: tuple[BodyField, ...], delay: float
) -> Answer:
    document = read_object(call.body)
    if document is None:
        return answers.malformed()
    given = [field for field in fields if field.name in document]
    if len(given) != 1:
        names = " or ".join(field.name for field in fields)
        return answers.failure(400, f"Exactly one of {names} is required")
    values = _texts(document[given[0].name])
    if not values or len(values) > MAX_DELETES:
        return answers.failure(400, f"{given[0].name} takes 1 to {MAX_DELETES} strings")
    identifiers = [ProfileIdentifier(given[0].kind, value) for value in values]
    if sandbox.settings.unknown_profiles == "refuse" and not all(
        map(sandbox.store.knows, identifiers)
    ):
        return answers.failure(404, "Profile not found")
    sandbox.store.schedule(action, identifiers, due=call.now + delay, now=call.now)
    return answers.answer({"status": "success"})


def _texts(given: Json) -> list[str] | None:
    """One or several strings; None if anything else is among them."""
    values = given if isinstance(given, list) else [given]
    texts = [value for value in values if isinstance(value, str) and value]
    return texts if len(texts) == len(values) else None
