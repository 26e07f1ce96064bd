"""Describes the form of the fault switches, and reads what was entered in it."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, get_args

from ct_assets.sandbox.faults import FAULTS, FaultName, Faults, Plan

Form = Mapping[str, Sequence[str]]


class Group(NamedTuple):
    title: str
    faults: tuple[tuple[FaultName, str], ...]


class Preset(NamedTuple):
    name: str
    title: str
    text: str
    plan: Plan


class FormError(Exception):
    """An entry of the form is wrong; the message is for the person who made it."""


GROUPS = (
    Group(
        "Not taken",
        (
            ("429", "Too many concurrent requests"),
            ("400", "Malformed request, though the body is sound"),
            ("555", "Every second record, a server error of its own"),
            ("revoked", "401, as if the passcode had been revoked"),
            ("403", "Not allowed"),
            ("redirect", "Sent to another address"),
        ),
    ),
    Group(
        "Server errors",
        (
            ("500", "Internal server error"),
            ("502", "Bad gateway"),
            ("503", "Service unavailable"),
            ("504", "Gateway timeout"),
        ),
    ),
    Group(
        "Server errors, records kept",
        (
            ("500-stored", "Internal server error"),
            ("502-stored", "Bad gateway"),
            ("503-stored", "Service unavailable"),
            ("504-stored", "Gateway timeout"),
        ),
    ),
    Group(
        "Lost answers",
        (
            ("reset", "Connection reset before the records are kept"),
            ("reset-stored", "Connection reset after they are kept"),
            ("timeout", "No answer; nothing is kept"),
            ("timeout-stored", "No answer; everything is kept"),
        ),
    ),
    Group(
        "Spoilt answers, records kept",
        (
            ("truncated", "JSON that breaks off"),
            ("not-json", "An HTML page instead of JSON"),
            ("drip", "One byte at a time"),
            ("connection-close", "The connection is closed after the answer"),
            ("numbers-shuffled", "Refused records out of order"),
            ("numbers-partial", "Every second record number left out"),
            ("numbers-missing", "No record numbers at all"),
        ),
    ),
)

PRESETS = (
    Preset("calm", "All off", "Every request is answered", Plan()),
    Preset("busy", "Busy", "429 for 30 %", Plan(rates={"429": 0.3})),
    Preset("slow", "Slow", "1 to 3 s each", Plan(latency_seconds=1.0, jitter_seconds=2.0)),
    Preset(
        "flaky",
        "Flaky",
        "5 % of 503, reset-stored, 429",
        Plan(rates={"503": 0.05, "reset-stored": 0.05, "429": 0.05}),
    ),
    Preset("down", "Down", "503 for all", Plan(rates={"503": 1.0})),
    Preset("locked", "Locked out", "revoked for all", Plan(rates={"revoked": 1.0})),
)


def changed(form: Form, plan: Plan, left: Sequence[FaultName]) -> Plan:
    """`plan` with what the form says; a script that has begun goes on where it is."""
    action = _one(form, "action")
    if action == "script":
        script, repeat = _script(_one(form, "script")), "repeat" in form
        return plan.model_copy(update={"script": script, "repeat": repeat})
    for preset in PRESETS:
        if action == preset.name:
            return preset.plan
    rest = plan.script if plan.repeat else tuple(left)
    return plan.model_copy(update={**_chances(form), "script": rest})


def current(faults: Faults) -> str | None:
    """The name of the preset in force, if one is: whatever the seed, and with no script to come."""
    plan = faults.plan
    if plan.repeat or faults.left:
        return None
    changed = {"seed": 0, "script": (), "repeat": False}
    wanted = plan.model_copy(update=changed)
    return next((preset.name for preset in PRESETS if preset.plan == wanted), None)


def percent(rate: float) -> str:
    return f"{rate * 100:.10g}"


def _chances(form: Form) -> dict[str, object]:
    rates = {
        fault: _number(form, f"rate-{fault}", "100", f"The share of {fault}") / 100
        for fault in FAULTS
        if fault in form.get("on", ())
    }
    total = sum(rates.values())
    if total > 1 + 1e-9:
        raise FormError(
            f"The shares add up to {percent(total)} %, and a request meets one fault at most."
            " Lower some of them, or switch them off."
        )
    return {
        "rates": {fault: rate for fault, rate in rates.items() if rate},
        "latency_seconds": _number(form, "latency", "0", "The delay") / 1000,
        "jitter_seconds": _number(form, "jitter", "0", "The random part of the delay") / 1000,
        "seed": int(_number(form, "seed", "0", "The seed")),
    }


def _script(text: str) -> tuple[FaultName, ...]:
    names: tuple[FaultName, ...] = get_args(FaultName)
    known: dict[str, FaultName] = {name: name for name in names}
    words = text.replace(",", " ").split()
    if unknown := [word for word in words if word not in known]:
        raise FormError(f"No fault is named {unknown[0]!r}. There are: {', '.join(known)}.")
    return tuple(known[word] for word in words)


def _number(form: Form, name: str, default: str, label: str) -> float:
    text = _one(form, name) or default
    try:
        number = float(text)
    except ValueError:
        raise FormError(f"{label} is not a number: {text!r}.") from None
    if not (math.isfinite(number) and 0 <= number <= 1e9):
        raise FormError(f"{label} is {text}; it takes a number from 0.")
    return number


def _one(form: Form, name: str) -> str:
    return next(iter(form.get(name, ())), "").strip()
