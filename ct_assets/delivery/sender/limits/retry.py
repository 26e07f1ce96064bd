"""Retry says when a request that failed is made again, and when no more."""

from dataclasses import dataclass
from random import Random


@dataclass
class Failures:
    """How often in a row a request has failed, and since when, by the sender's clock."""

    count: int = 0
    since: float | None = None


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Times in seconds. `patience` counts from a request's first failure."""

    patience: float = 300.0
    unreached: float = 15.0
    """The patience as long as the server has not answered anything in this run."""
    base: float = 0.5
    lost_base: float = 4.0
    """The same after a lost answer: each repeat may store the batch once more, so fewer of them."""
    cap: float = 30.0
    spell: float = 10.0
    """How long a server may refuse everything before single records are blamed for it."""
    resends: int = 4
    """Repeats of a batch whose answer was lost."""
    transient_repeats: int = 6
    """Repeats of records that were refused for a passing reason."""

    def wait(
        self,
        failures: Failures,
        now: float,
        rng: Random,
        *,
        reached: bool,
        floor: float = 0.0,
        base: float | None = None,
    ) -> float | None:
        """Seconds to wait after one more failure; None when it has been failing for too long.

        `floor` is what the server asks for; `reached` says whether it has answered anything.
        """
        failures.since = now if failures.since is None else failures.since
        seconds = floor + self.delay(failures.count, rng, base=base)
        failures.count += 1
        patience = self.patience if reached else self.unreached
        return seconds if now + seconds - failures.since <= patience else None

    def delay(self, failures: int, rng: Random, *, base: float | None = None) -> float:
        """Full jitter, so that requests which failed together do not come back together."""
        return rng.uniform(0.0, min(self.cap, (base or self.base) * 2.0 ** min(failures, 32)))
