"""Makes requests fail on purpose, by script or by chance."""

import random
import threading
from collections import deque
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat

FaultName = Literal[
    "ok",
    "400",
    "403",
    "429",
    "500",
    "502",
    "503",
    "504",
    "500-stored",
    "502-stored",
    "503-stored",
    "504-stored",
    "reset",
    "reset-stored",
    "timeout",
    "timeout-stored",
    "truncated",
    "not-json",
    "numbers-shuffled",
    "numbers-partial",
    "numbers-missing",
    "redirect",
    "connection-close",
    "drip",
    "revoked",
    "555",
]
"""`-stored`: the records are kept before the fault happens. `truncated`, `not-json`, `drip`,
`connection-close` and the three `numbers-` always store; the rest never do, but for `555`, which
refuses every second good record with that code, a server error, and keeps the others. The
`numbers-` faults concern the record numbers in the texts of refusals: entries out of order, every
second number left out, no numbers at all."""

FAULTS: tuple[FaultName, ...] = get_args(FaultName)

_BEFORE = {
    *("400", "403", "429", "500", "502", "503", "504"),
    *("reset", "timeout", "redirect", "revoked"),
}


def stores(fault: FaultName) -> bool:
    """Whether the records of a request with this fault are kept nevertheless."""
    return fault not in _BEFORE


class Plan(BaseModel):
    """Faults in force; a script comes before chance, one entry for each request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    latency_seconds: NonNegativeFloat = 0.0
    """Before each answer, while the request's slot is held."""
    jitter_seconds: NonNegativeFloat = 0.0
    rates: dict[FaultName, float] = Field(default_factory=dict)
    """Probability of each fault; they add up to one at most."""
    script: tuple[FaultName, ...] = ()
    repeat: bool = False
    """The script starts again after its end."""
    paths: tuple[str, ...] = ("/1/upload",)
    retry_after: int | None = None
    hold_seconds: NonNegativeFloat = 3600.0
    """How long a `timeout` keeps the sender waiting, unless it hangs up first."""
    drip_seconds: NonNegativeFloat = 0.01
    """Between two bytes of a `drip`."""

    def model_post_init(self, _: object) -> None:
        if any(not 0 <= rate <= 1 for rate in self.rates.values()) or sum(self.rates.values()) > 1:
            raise ValueError("rates are probabilities that add up to 1 at most")


class Faults:
    """Gives each request its fault, in the order of arrival; may be changed from any thread."""

    def __init__(self, plan: Plan | None = None) -> None:
        self._lock = threading.Lock()
        self.replace(plan or Plan())

    @property
    def plan(self) -> Plan:
        return self._plan

    @property
    def left(self) -> tuple[FaultName, ...]:
        """The part of the script that is still to come."""
        with self._lock:
            return tuple(self._script)

    def replace(self, plan: Plan) -> None:
        with self._lock:
            self._plan = plan
            self._script = deque(plan.script)
            self._random = random.Random(plan.seed)  # noqa: S311 - to be repeatable

    def script(self, *faults: FaultName, repeat: bool = False) -> None:
        """Gives `faults` to the next requests one by one; `"ok"` lets one pass."""
        self._change(script=faults, repeat=repeat)

    def rates(self, rates: dict[FaultName, float], *, seed: int = 0) -> None:
        self._change(rates=rates, seed=seed)

    def latency(self, seconds: float, *, jitter: float = 0.0) -> None:
        self._change(latency_seconds=seconds, jitter_seconds=jitter)

    def clear(self) -> None:
        self.replace(Plan())

    def deal(self, path: str) -> FaultName:
        with self._lock:
            if path not in self._plan.paths:
                return "ok"
            if self._plan.repeat and not self._script:
                self._script.extend(self._plan.script)
            if self._script:
                return self._script.popleft()
            return self._by_chance()

    def delay(self) -> float:
        with self._lock:
            jitter = self._plan.jitter_seconds
            return self._plan.latency_seconds + (self._random.random() * jitter if jitter else 0.0)

    def _by_chance(self) -> FaultName:
        if not self._plan.rates:
            return "ok"
        drawn = self._random.random()
        for fault, rate in self._plan.rates.items():
            drawn -= rate
            if drawn < 0:
                return fault
        return "ok"

    def _change(self, **changes: object) -> None:
        left = {} if self._plan.repeat else {"script": self.left}
        self.replace(Plan.model_validate(self._plan.model_dump() | left | changes))
