"""Subscribes and unsubscribes phone numbers and addresses; parts phone numbers from profiles."""

from collections.abc import Callable

from ct_assets.sandbox import answers
from ct_assets.sandbox.answers import Answer
from ct_assets.sandbox.endpoint_context import Call, Sandbox
from ct_assets.sandbox.endpoints.upload import records_of
from ct_assets.sandbox.json_types import Record
from ct_assets.sandbox.judge import refusal_texts
from ct_assets.sandbox.judge.profile_checks import ProfileChecks, is_email
from ct_assets.sandbox.judge.upload_checks import Refused

_STATUSES = {"Unsubscribe": False, "Resubscribe": True}

RecordCheck = Callable[[Record], refusal_texts.RefusalText | None]


def subscribe(sandbox: Sandbox, call: Call) -> Answer:
    """POST /1/subscribe."""
    is_phone = ProfileChecks(sandbox.settings).is_phone
    kinds = {"phone": is_phone, "email": is_email}
    if sandbox.settings.whatsapp_subscriptions:
        kinds["whatsapp"] = is_phone

    def check(record: Record) -> refusal_texts.RefusalText | None:
        kind = record.get("type")
        if not isinstance(kind, str) or kind not in kinds:
            return refusal_texts.CHANNEL
        if not kinds[kind](record.get("value")):
            return refusal_texts.EMAIL if kind == "email" else refusal_texts.PHONE
        return None if record.get("status") in tuple(_STATUSES) else refusal_texts.STATUS

    def change(record: Record) -> None:
        wanted = _STATUSES[record["status"]]
        sandbox.store.contacts.subscribe(
            call.number, record["type"], record["value"], call.now, wanted=wanted
        )

    return _changed(sandbox, call, check, change)


def disassociate(sandbox: Sandbox, call: Call) -> Answer:
    """POST /1/disassociate."""
    is_phone = ProfileChecks(sandbox.settings).is_phone

    def check(record: Record) -> refusal_texts.RefusalText | None:
        if record.get("type") != "phone":
            return refusal_texts.CHANNEL
        return None if is_phone(record.get("value")) else refusal_texts.PHONE

    def change(record: Record) -> None:
        sandbox.store.contacts.disassociate(record["value"])

    return _changed(sandbox, call, check, change)


def _changed(
    sandbox: Sandbox, call: Call, check: RecordCheck, change: Callable[[Record], None]
) -> Answer:
    """Applies `change` to each record that passes `check`, in one transaction."""
    records = records_of(call.body)
    if records is None:
        return answers.malformed()
    if len(records) > (most := sandbox.settings.max_records):
        return answers.failure(400, f"Too many records: {len(records)}, the limit is {most}")
    refused = []
    with sandbox.store.writing(call.now):
        for position, record in enumerate(records):
            refusal = check(record) if isinstance(record, dict) else refusal_texts.CHANNEL
            if refusal:
                refused.append(Refused(position, refusal, record))
            elif isinstance(record, dict):
                change(record)
    return answers.envelope(len(records), refused)
