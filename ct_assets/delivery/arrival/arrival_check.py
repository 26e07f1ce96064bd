"""ArrivalCheck reads a sample of acknowledged profiles back, and has acknowledged events counted.

A profile is one request, and so is the count of an event on one day; three are in flight at once.
"""

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import orjson
import polars as pl

from ct_assets.clevertap.client import Client
from ct_assets.delivery.arrival.losses import Loss, ProfileLosses
from ct_assets.delivery.delivery_result import DeliveryResult
from ct_assets.delivery.sender.limits import hosts_slots
from ct_assets.delivery.sender.limits.retry import Retry
from ct_assets.delivery.sender.profile_looks import LookError, ProfileLooks
from ct_assets.delivery.sender.sender import SendClock, SystemClock

MOST_COUNTS = 30
"""Counts of events that are asked for, those of the most events first."""


@dataclass(frozen=True)
class Arrival:
    looked: int
    """Profiles that were read back, or counts of events."""
    losses: tuple[Loss, ...] = ()
    why: str | None = None
    """Why it is not known."""


@dataclass(frozen=True, kw_only=True)
class ArrivalCheck:
    client: Client
    sample: int
    skipped: Collection[str] = ()
    """Fields that need not have the value that the row has."""
    clock: SendClock | None = None
    retry: Retry | None = None
    stop: threading.Event

    def of_profiles(self, valid: Path, result: DeliveryResult) -> Arrival:
        sent = _sampled(valid, result, self.sample)
        names = [(kind, key) for kind, key, _ in sent]
        losses = ProfileLosses()
        try:
            for (_, _, record), look in zip(sent, self._looks().look(names), strict=True):
                data = orjson.loads(record).get("profileData") or {}
                wanted = {name: data[name] for name in data if name not in self.skipped}
                losses.compare(wanted, look.properties)
            known = self._looks().properties() if losses.missing else ()
        except LookError as error:
            return Arrival(0, why=str(error))
        return Arrival(len(sent), tuple(losses.found(known)))

    def of_events(self, valid: Path, result: DeliveryResult) -> Arrival:
        """A day may begin elsewhere in the account, so the days beside it are counted with it."""
        losses, looked = [], 0
        try:
            for name, day, rows in _days(valid, result):
                first, last = (day + timedelta(days=shift) for shift in (-1, 1))
                counted = self._looks().events(name, f"{first:%Y%m%d}", f"{last:%Y%m%d}")
                looked += 1
                if counted < rows:
                    losses.append(
                        Loss(f"{name} of {day:%Y-%m-%d}", "discarded", rows - counted, rows)
                    )
        except LookError as error:
            return Arrival(looked, tuple(losses), str(error))
        return Arrival(looked, tuple(losses))

    def _looks(self) -> ProfileLooks:
        return ProfileLooks(
            client=self.client,
            slots=hosts_slots.others(self.client.destination),
            retry=self.retry or Retry(),
            rng=Random(),  # noqa: S311 -- spreads repeats, hides nothing
            clock=self.clock or SystemClock(),
            stop=self.stop,
            failure="CleverTap does not say what it has: {}",
        )


def _acked(result: DeliveryResult) -> pl.LazyFrame:
    return pl.scan_parquet(result.report, glob=False).filter(outcome="acked")


def _sampled(valid: Path, result: DeliveryResult, most: int) -> list[tuple[str, str, str]]:
    """Kind, key and record of acknowledged profiles; others in the next delivery."""
    place = pl.concat_str("kind", "key").hash(seed=result.delivery)
    readable = _acked(result).filter(pl.col("kind").is_in(["identity", "objectId"]))
    chosen = readable.select("kind", "key", place=place).bottom_k(most, by="place")
    rows = pl.scan_parquet(valid, glob=False).select(kind="_kind", key="_key", record="_record")
    joined = rows.join(chosen, on=["kind", "key"], how="inner").select("kind", "key", "record")
    return list(joined.collect(engine="streaming").iter_rows())


def _days(valid: Path, result: DeliveryResult) -> Iterator[tuple[str, datetime, int]]:
    """Name, day and number of acknowledged events."""
    began = int((result.began or datetime.now(UTC)).timestamp())
    rows = pl.scan_parquet(valid, glob=False).select(
        key="_key",
        name=pl.col("_record").str.json_path_match("$.evtName"),
        day=pl.from_epoch(pl.col("_ts").fill_null(began)).dt.truncate("1d"),
    )
    counted = (
        rows.join(_acked(result).select("key"), on="key", how="semi")
        .group_by("name", "day")
        .len("rows")
        .sort("rows", "name", "day", descending=[True, False, False])
        .head(MOST_COUNTS)
    )
    yield from counted.collect(engine="streaming").iter_rows()
