"""Answers GET /getSchema: the names of events or user properties that the account knows."""

from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Sandbox
from ct_assets.sandbox.store.reads import contents

KINDS = ("events", "userProperties")


def names(sandbox: Sandbox, call: Call) -> Answer:
    kind = call.query.get("type", "")
    if kind not in KINDS:
        return answers.failure(400, f"type needs to be one of {', '.join(KINDS)}")
    known = contents.names(sandbox.store.connection, events=kind == "events")
    return answers.answer({"status": "success", kind: [{"name": name} for name in known]})
