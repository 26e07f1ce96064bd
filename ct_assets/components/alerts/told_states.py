"""ToldStates knows of which states a channel was told, by the tags of runs in Dagster.

So nobody is told twice of one state, over any number of runs and restarts.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from ct_assets.components.alerts.budgets import FAILURE, STATES

FIRST = "ct_alerts"
"""The key of the channel whose tags bear no name, as when there was one alone."""
TOLD, WAITS, OVER = "clevertap/told_", "clevertap/waits_", "clevertap/over_"
"""Begin the tags of a run that told of a state, held it back, or ended it; of the sync."""
LASTING = (FAILURE, *STATES)


class ToldStates:
    def __init__(self, instance: dg.DagsterInstance, channel: str) -> None:
        self._instance = instance
        self._suffix = "" if channel == FIRST else f".{channel.removeprefix(FIRST).strip('_')}"

    def note(self, kind: str, run: str, sync: str, about: Collection[str]) -> None:
        tags = {self._tag(kind, each): sync for each in about}
        self._instance.add_run_tags(run, tags)

    def is_known(
        self,
        run: dg.DagsterRun,
        sync: str,
        about: str,
        again: timedelta | None,
        cured: Collection[dg.AssetKey],
    ) -> bool:
        """Whether it was told before, and lasted until this run.

        Not if it is over, if all assets of `cured` were made in between, or if it was told longer
        ago than `again`. What is no lasting state is told again a day later.
        """
        told = self._latest(TOLD, sync, about)
        if told is None:
            return False
        since = told.create_timestamp
        if again is None and about not in LASTING:
            again = timedelta(days=1)
        if again is not None and datetime.now(UTC) - since.astimezone(UTC) > again:
            return False
        this = self._instance.get_run_record_by_id(run.run_id)
        over = self._latest(OVER, sync, about, after=since)
        if over and this and over.create_timestamp < this.create_timestamp:
            return False  # of a run before that, people have heard that it is well
        made = [self._instance.get_latest_materialization_event(key) for key in cured]
        until = this.create_timestamp.timestamp() if this else 0.0
        between = [e is not None and since.timestamp() < e.timestamp < until for e in made]
        return not between or not all(between)

    def over(self, run: dg.DagsterRun, sync: str) -> Iterator[str]:
        """The states that an earlier run was told to begin, no later one, and none to end."""
        this = self._instance.get_run_record_by_id(run.run_id)
        for about in LASTING:
            told = self._latest(TOLD, sync, about)
            if told is None or this is None or told.create_timestamp >= this.create_timestamp:
                continue
            if not self._latest(OVER, sync, about, after=told.create_timestamp):
                yield about

    def waiting(self) -> Iterator[tuple[dg.DagsterRun, str, str]]:
        """Run, sync and state of what was held back and neither told nor made good since."""
        day = datetime.now(UTC) - timedelta(days=1)
        seen = set[tuple[str, str]]()
        for record in self._instance.get_run_records(dg.RunsFilter(created_after=day)):
            for tag, sync in record.dagster_run.tags.items():
                about = self._about(tag)
                if about is None or (sync, about) in seen:
                    continue
                seen.add((sync, about))
                since = record.create_timestamp
                told = self._latest(TOLD, sync, about, after=since - timedelta(seconds=1))
                if told is None and not self._made_after(record, sync):
                    yield record.dagster_run, sync, about

    def _made_after(self, record: dg.RunRecord, sync: str) -> bool:
        """Whether a later run has delivered the sync."""
        event = self._instance.get_latest_materialization_event(dg.AssetKey([sync, "clevertap"]))
        if event is None or event.run_id == record.dagster_run.run_id:
            return False
        return event.timestamp > record.create_timestamp.timestamp()

    def _about(self, tag: str) -> str | None:
        name = tag.removeprefix(WAITS)
        if name == tag or not name.endswith(self._suffix):
            return None
        about = name.removesuffix(self._suffix)
        return None if "." in about else about

    def _latest(
        self, kind: str, sync: str, about: str, after: datetime | None = None
    ) -> dg.RunRecord | None:
        tagged = dg.RunsFilter(tags={self._tag(kind, about): sync}, created_after=after)
        return next(iter(self._instance.get_run_records(tagged, limit=1)), None)

    def _tag(self, kind: str, about: str) -> str:
        return f"{kind}{about}{self._suffix}"
