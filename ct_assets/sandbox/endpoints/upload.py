"""Answers POST /1/upload: profiles, events and device tokens."""

from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Sandbox
from ct_assets.sandbox.json_types import Json, read_object
from ct_assets.sandbox.judge import refusal_texts
from ct_assets.sandbox.judge.upload_checks import Accepted, Refused


def upload(sandbox: Sandbox, call: Call) -> Answer:
    records = records_of(call.body)
    if records is None:
        return answers.malformed()
    if sandbox.settings.mode == "count":
        return answers.envelope(len(records), ())
    if problem := _too_many(sandbox, records):
        return answers.failure(400, problem)._replace(records=len(records))
    accepted, refused = sandbox.judge.judge(records)
    if call.fault == "555":
        accepted, refused = _half_failed(accepted, refused)
    if accepted and sandbox.settings.mode == "store" and not _is_dry_run(sandbox, call):
        sandbox.store.store(call.number, accepted, call.now)
    return answers.envelope(len(records), refused)


def kind_of(body: bytes) -> str:
    """The kind of the first record: the one whose limit counts if each kind has its own."""
    first = next(iter(records_of(body) or ()), None)
    return str(first.get("type")) if isinstance(first, dict) else ""


def records_of(body: bytes) -> list[Json] | None:
    """The array `d` of a body; None if the body is not JSON or has none."""
    records = (read_object(body) or {}).get("d")
    return records if isinstance(records, list) else None


def _too_many(sandbox: Sandbox, records: list[Json]) -> str | None:
    """The error of an upload beyond the limits; CleverTap publishes limits, but not their error."""
    most, most_tokens = sandbox.settings.max_records, sandbox.settings.max_tokens
    if len(records) > most:
        return f"Too many records: {len(records)}, the limit is {most}"
    if len(records) > most_tokens:
        tokens = sum(isinstance(r, dict) and r.get("type") == "token" for r in records)
        if tokens > most_tokens:
            return f"Too many tokens: {tokens}, the limit is {most_tokens}"
    return None


def _half_failed(
    accepted: list[Accepted], refused: list[Refused]
) -> tuple[list[Accepted], list[Refused]]:
    """Refuses every second accepted record with code 555."""
    failed = [
        Refused(record.position, refusal_texts.SERVER_ERROR, record.record)
        for record in accepted[1::2]
    ]
    return accepted[::2], sorted(refused + failed, key=lambda record: record.position)


def _is_dry_run(sandbox: Sandbox, call: Call) -> bool:
    honoured = sandbox.settings.dry_run == "honour"
    return honoured and call.query.get("dryRun", "").lower() in ("1", "true")
