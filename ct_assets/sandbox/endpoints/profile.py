"""Answers GET /1/profile.json: one profile."""

from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Sandbox
from ct_assets.sandbox.store.reads import api_shapes

_KEYS = ("identity", "email", "objectId")


def profile(sandbox: Sandbox, call: Call) -> Answer:
    given = [(key, call.query[key]) for key in _KEYS if key in call.query]
    if len(given) != 1:
        return answers.failure(400, "Exactly one of identity, email and objectId is required")
    pid = api_shapes.find(sandbox.store.connection, *given[0])
    if pid is None:
        return _missing(sandbox)
    record = api_shapes.profile(sandbox.store.connection, pid)
    return answers.answer({"status": "success", "record": record})


def _missing(sandbox: Sandbox) -> Answer:
    if sandbox.settings.missing_profile == "fail":
        return answers.answer({"status": "fail", "error": "Profile not found", "code": 404})
    return answers.answer({"status": "success", "record": None})
