"""`read` makes of CleverTap's answer a verdict on each record of a request.

HTTP 200 is not success: the envelope names the records it refused, by a number inside the text of
each error, and only an envelope whose numbers add up settles anything. Whatever leaves a doubt is
`Unknown`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from ct_assets.clevertap.client import Answer, NoReply, Reply
from ct_assets.clevertap.contract import IDENTIFIERS
from ct_assets.clevertap.garbage_pause import GarbagePause

_NUMBERED = r"Skipped record number\s*:\s*(\d{1,9})"
_NUMBER = re.compile(_NUMBERED, re.IGNORECASE)
_USUAL_NUMBER = re.compile(_NUMBERED)
_NAMES = (*IDENTIFIERS, "value")  # the last is the contact of a subscription
TRANSIENT_CODES = (555,)
"""Codes of single records that a repeat may cure."""

_PAUSE = GarbagePause()
_MALFORMED = (400, 413, 422)
_LOST = (408, 409)


class Refusal(NamedTuple):
    position: int
    """0-based, within the records that were sent."""
    code: int
    message: str


class Acked(NamedTuple):
    """Every record has its verdict: those in `refusals` are refused, the others are stored."""

    refusals: tuple[Refusal, ...] = ()


class NotTaken(NamedTuple):
    """Nothing of the request was stored; it is safe to repeat."""

    why: str
    retry_after: float = 0.0
    reached: bool = True
    """False if no connection could be made."""


class Unknown(NamedTuple):
    """The request may or may not have been stored."""

    why: str
    retry_after: float = 0.0


class Malformed(NamedTuple):
    """The request was refused as a whole, on account of its body."""

    status: int
    why: str


class Denied(NamedTuple):
    """Nothing was stored and nothing will be: no request of this run can succeed."""

    why: str


Verdict = Acked | NotTaken | Unknown | Malformed | Denied


class _DoubtError(Exception):
    """The envelope does not say what became of every record."""


def read(answer: Answer, records: int, body: bytes = b"") -> Verdict:
    """The verdict on an upload of `records` records.

    `body` is the request's: refusals that carry no number are found in it by the record they echo.
    """
    with _PAUSE:
        return _read(answer, lambda reply: _envelope(reply, records, body))


def read_status(answer: Answer) -> Verdict:
    """The verdict on a call that is answered with a status alone, such as a deletion."""
    return _read(answer, _status)


def _read(answer: Answer, accepted: Callable[[Reply], Verdict]) -> Verdict:
    match answer:
        case NoReply(sent=False):
            return NotTaken(f"cannot reach {answer.host}: {answer.why}", reached=False)
        case NoReply():
            return Unknown(answer.why)
        case Reply(status=status) if 200 <= status < 300:
            try:
                return accepted(answer)
            except Exception as error:  # its text may quote the reply
                kind = type(error).__name__
                return Unknown(f"HTTP {status}, but the reply could not be read ({kind})")
        case Reply():
            return _refused_as_a_whole(answer, answer.status)


def _refused_as_a_whole(reply: Reply, status: int) -> Verdict:
    if status == 429:
        return NotTaken("429, too many requests at once", reply.retry_after)
    if status in (401, 403):
        return Denied(
            f"credentials or region refused by {reply.host} (HTTP {status}); "
            f"check the account id, the passcode and the region"
        )
    if status in _MALFORMED:
        return Malformed(status, _error_text(reply) or f"HTTP {status}")
    if status in _LOST or status >= 500 or status < 300:
        return Unknown(f"HTTP {status}", reply.retry_after)
    if status < 400:
        return Denied(
            f"{reply.host} redirects (HTTP {status}) instead of answering, and records are not "
            f"sent to where nobody configured; check the region or the API URL"
        )
    return Denied(
        f"{reply.host} does not offer CleverTap's API (HTTP {status}); "
        f"check the region or the API URL"
    )


def _envelope(reply: Reply, records: int, body: bytes) -> Verdict:
    envelope = _object(reply.body)
    if envelope is None:
        return Unknown(f"HTTP {reply.status}, but the reply is not CleverTap's JSON")
    processed, unprocessed = envelope.get("processed"), envelope.get("unprocessed", [])
    if type(processed) is not int or not isinstance(unprocessed, list):
        return _error_in_200(reply, envelope)
    try:
        refusals = _refusals(unprocessed, records, body)
        _check_sums(envelope.get("status"), processed, len(refusals), records)
        return Acked(refusals)
    except _DoubtError as doubt:
        return Unknown(str(doubt))


def _error_in_200(reply: Reply, envelope: Mapping[str, Any]) -> Verdict:
    """CleverTap's error object names the HTTP status that it stands for."""
    code = envelope.get("code")
    if envelope.get("status") == "fail" and code in (401, 403, 429):
        return _refused_as_a_whole(reply, int(code))
    return Unknown(f"HTTP {reply.status}, but the reply does not say what was processed")


def _status(reply: Reply) -> Verdict:
    envelope = _object(reply.body)
    if envelope is None:
        return Unknown(f"HTTP {reply.status}, but the reply is not CleverTap's JSON")
    contradicted = envelope.get("unprocessed") or envelope.get("error")
    if envelope.get("status") == "success" and not contradicted:
        return Acked()
    return _error_in_200(reply, envelope)


def _check_sums(status: object, processed: int, refused: int, records: int) -> None:
    if processed < 0 or processed + refused != records:
        raise _DoubtError(f"{processed} processed and {refused} refused of {records} sent")
    expected = "success" if refused == 0 else "fail" if processed == 0 else "partial"
    if status != expected:
        raise _DoubtError(
            f"the reply's status contradicts its {processed} processed, {refused} refused"
        )


def _refusals(unprocessed: Sequence[object], records: int, body: bytes) -> tuple[Refusal, ...]:
    """A record that is named twice is one refusal: the sums tell whether that is the truth."""
    refusals: dict[int, Refusal] = {}
    nameless: list[tuple[int, str, object]] = []
    for entry in unprocessed:
        code, text, echo = _entry(entry)
        number = _number(text)
        if number is None:
            nameless.append((code, text, echo))
            continue
        position = number - 1
        if not 0 <= position < records:
            raise _DoubtError("the reply's record numbers do not add up")
        refusals.setdefault(position, Refusal(position, code, text))
    if nameless:
        _find_by_echo(nameless, body, refusals)
    return tuple(refusals[position] for position in sorted(refusals))


def _number(text: str) -> int | None:
    """The last one that the text names: an earlier one is part of a value that it quotes."""
    at = text.rfind("Skipped record number")  # a search that minds no case costs twice as much
    usual = _USUAL_NUMBER.fullmatch(text, at) if at >= 0 else None
    if usual:
        return int(usual[1])
    numbers = _NUMBER.findall(text)
    return int(numbers[-1]) if numbers else None


def _entry(entry: object) -> tuple[int, str, object]:
    if not isinstance(entry, dict):
        raise _DoubtError("a refused record is not described")
    code, text = entry.get("code"), entry.get("error")
    return (
        code if type(code) is int and 0 <= code < 1_000_000_000 else _decimal(str(code)),
        text if isinstance(text, str) else "",
        entry.get("record"),
    )


def _decimal(code: str) -> int:
    return (
        int(code) if code.isdecimal() and len(code) < 10 else 0
    )  # the ledger takes no endless one


def _find_by_echo(
    nameless: Sequence[tuple[int, str, object]], body: bytes, refusals: dict[int, Refusal]
) -> None:
    """Gives each refusal the record it echoes: whole, or else by what CleverTap never rewrites."""
    records = list(enumerate((_object(body) or {}).get("d", [])))
    left = [(position, record) for position, record in records if position not in refusals]
    matched = _matched(nameless, left, _whole) or _matched(nameless, left, _trace)
    if matched is None:
        raise _DoubtError("the reply does not say which records it refused")
    refusals.update(matched)


def _matched(
    nameless: Sequence[tuple[int, str, object]],
    records: Sequence[tuple[int, object]],
    trace: Callable[[object], Hashable],
) -> dict[int, Refusal] | None:
    """None if an echo could mean a record that was not refused, or that was for another reason."""
    matched: dict[int, Refusal] = {}
    sent = defaultdict(list)
    for position, record in records:
        sent[trace(record)].append(position)
    echoes = defaultdict(list)
    for code, text, echo in nameless:
        echoes[trace(echo)].append((code, text))
    for name, refusals in echoes.items():
        alike = sent[name]
        if name is None or not 0 < len(alike) <= len(refusals) or len(set(refusals)) > 1:
            return None
        matched |= {position: Refusal(position, *refusals[0]) for position in alike}
    return matched


def _whole(record: object) -> bytes | None:
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS) if _names_somebody(record) else None


def _trace(record: object) -> tuple[str, ...] | None:
    """Values that CleverTap echoes unchanged."""
    if not isinstance(record, dict) or not _names_somebody(record):
        return None
    return tuple(str(record.get(name)) for name in (*_NAMES, "type", "ts", "evtName"))


def _names_somebody(record: object) -> bool:
    return isinstance(record, dict) and any(name in record for name in _NAMES)


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _error_text(reply: Reply) -> str:
    error = (_object(reply.body) or {}).get("error")
    return error if isinstance(error, str) else ""
