"""The faults in force, said in a few words on every page."""

from ct_assets.sandbox.faults import FaultName, Faults
from ct_assets.sandbox.page.value_formats import share


def in_force(faults: Faults) -> list[str]:
    plan = faults.plan
    found = [f"{fault} for {share(rate, 1)}" for fault, rate in plan.rates.items() if rate]
    if plan.latency_seconds or plan.jitter_seconds:
        found.append(f"{_delay(plan.latency_seconds, plan.jitter_seconds)} before each answer")
    left: tuple[FaultName, ...] = plan.script if plan.repeat else faults.left
    if left:
        found.append(f"script {'repeats' if plan.repeat else 'to come'}: {_script(left)}")
    return found


def _script(left: tuple[FaultName, ...], most: int = 6) -> str:
    return ", ".join(left[:most]) + (f" and {len(left) - most} more" if len(left) > most else "")


def _delay(latency: float, jitter: float) -> str:
    first = f"{latency * 1000:.0f}"
    return f"{first} to {(latency + jitter) * 1000:.0f} ms" if jitter else f"{first} ms"
