"""Limits the requests in flight: the only limit of rate that CleverTap publishes."""

from collections import Counter, defaultdict


class RequestsInFlight:
    """Counts the requests in flight of each API; used from the server's one thread."""

    def __init__(self, cooldown: float) -> None:
        self._cooldown = cooldown
        self._in_flight: Counter[str] = Counter()
        self._closed_until: defaultdict[str, float] = defaultdict(float)
        self.most_seen: Counter[str] = Counter()

    def take(self, api: str, limit: int | None, now: float) -> bool:
        if limit is not None and (self._in_flight[api] >= limit or now < self._closed_until[api]):
            self._closed_until[api] = max(self._closed_until[api], now + self._cooldown)
            return False
        self._in_flight[api] += 1
        self.most_seen[api] = max(self.most_seen[api], self._in_flight[api])
        return True

    def give_back(self, api: str) -> None:
        self._in_flight[api] -= 1

    def in_flight(self, api: str) -> int:
        return self._in_flight[api]
