"""Summarises the faults in force in a few words, for every page."""

from ct_assets.sandbox.faults import FaultName, Faults
from ct_assets.sandbox.page.value_formats import share


def in_force(faults: Faults) -> list[str]:
    plan = faults.plan
    texts = [f"{fault} for {share(rate, 1)}" for fault, rate in plan.rates.items() if rate]
    if plan.latency_seconds or plan.jitter_seconds:
        texts.append(f"{_delay(plan.latency_seconds, plan.jitter_seconds)} before each answer")
    left: tuple[FaultName, ...] = plan.script if plan.repeat else faults.left
    if left:
        texts.append(f"script {'repeats' if plan.repeat else 'to come'}: {_script(left)}")
    return texts


def _script(left: tuple[FaultName, ...], most: int = 6) -> str:
    return ", ".join(left[:most]) + (f" and {len(left) - most} more" if len(left) > most else "")


def _delay(latency: float, jitter: float) -> str:
    first = f"{latency * 1000:.0f}"
    return f"{first} to {(latency + jitter) * 1000:.0f} ms" if jitter else f"{first} ms"
