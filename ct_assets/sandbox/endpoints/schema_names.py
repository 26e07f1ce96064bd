"""Answers GET /getSchema: names of events, names and types of properties, of the account."""

from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Sandbox
from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.store.reads import contents

KINDS = ("events", "userProperties")


def names(sandbox: Sandbox, call: Call) -> Answer:
    kind = call.query.get("type", "")
    if kind not in KINDS:
        return answers.failure(400, f"type needs to be one of {', '.join(KINDS)}")
    listed: list[Json] = []
    if kind == "events":
        listed += [{"name": name} for name in contents.event_names(sandbox.store.connection)]
    else:
        for name, type_ in contents.user_properties(sandbox.store.connection):
            shown = {"type": type_} if sandbox.settings.schema_types else {}
            listed.append({"name": name, **shown})
    return answers.answer({"status": "success", kind: listed})
