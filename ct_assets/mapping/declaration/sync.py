"""Sync is the model of a sync as its author declares it."""

import hashlib
import json
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field as Setting
from pydantic import field_validator, model_validator

from ct_assets.clevertap.contract import JUNK_IDENTITIES, Limits, ObjectName
from ct_assets.mapping.convert.names import Fielded
from ct_assets.mapping.declaration.declared_tests import RowsTest
from ct_assets.mapping.declaration.field import NUMBER_OPERATORS, Field, Identifier, Moment
from ct_assets.mapping.declaration.filling import Filling, Part
from ct_assets.mapping.declaration.row_sql import check_sql, sql_columns
from ct_assets.mapping.declaration.rules.catalog_names import Asset, Name, Owners, Tags
from ct_assets.mapping.declaration.sync_parts import (
    Duplicates,
    EventName,
    Log,
    OtherColumns,
    Partition,
    Segment,
    Share,
    Trigger,
    Verify,
)
from ct_assets.mapping.declaration.value_settings import Consents


class Sync(Part):
    name: Name
    """Of the sync: its assets and its state are called so."""
    object: ObjectName
    """People, what they did, a list of people, their devices' push tokens, or whether addresses and
    phone numbers are subscribed."""
    source: Asset
    """The asset that has the rows, such as `chinook/customer`."""
    identify_by: tuple[Identifier, ...] = Setting(min_length=1)
    """Identifiers in the order of preference: the first that a row has is used."""
    where: str | None = None
    """A polars SQL condition; other rows are cut and counted."""
    fields: dict[str, Field] = Setting(default_factory=dict)
    """Fields to send, by CleverTap's name of each."""
    other_columns: OtherColumns | None = None
    """Send all columns that nothing else names, under their own names."""
    consent: Consents = ()
    """Who may be written to, by channel: sends the flags, and leaves addresses out."""
    event: EventName | None = None
    """The name of the events, or the column that has it."""
    event_key: Filling | None = None
    """Makes an event unique: it is sent once for each value."""
    ts: Moment | None = None
    """When it happened."""
    duplicates: Duplicates = Duplicates()
    """Of rows with one key: reject them all, or keep the latest."""
    require_profile: str | None = None
    """A profile sync: no event goes of a person whose profile it rejected; a segment goes after it,
    and has only people whose profile it delivered."""
    segment: Segment | None = None
    """The list of people in CleverTap that a sync of a segment keeps."""
    junk_identities: tuple[str, ...] | None = None
    """Identities, in any case of letters, whose rows are rejected because they stand for nobody.
    Left out: null, none, n/a, 0, -1, nan, unknown and their like."""
    limits: Limits = Limits()
    """Where the account takes more, or less, than CleverTap publishes."""
    max_rejected: Share = 0.10
    """Share of rejected rows above which nothing is sent."""
    max_refused: Share | None = None
    """Share of refused records above which a check fails, and nothing more is sent once 2,000 have
    their verdict. Left out: half of them end the sending while CleverTap has taken none before."""
    trigger: Trigger | None = None
    """A cron line, or on_change. Left out: by hand."""
    paused: bool = False
    """Whether its trigger does nothing for now."""
    after: tuple[str, ...] = ()
    """Syncs that must have been delivered before this one."""
    upstream: Literal["none", "direct", "all"] = "none"
    """Assets that its job, and `ct-assets run`, make anew before the source: none, those that the
    source is made of, or all that these are made of as well, such as models of dbt."""
    destination: Name | None = None
    """Another account: its variables begin with this name."""
    partition: Partition | None = None
    """Deliver events by day or month, from `start` on."""
    on_unknown: Literal["resend", "park"] = "resend"
    """Of a record whose answer was lost: send it again, or keep it for a person to decide."""
    first_run: Literal["backfill", "from_now"] = "backfill"
    """Whether events that are there at the first run are sent."""
    mode: Literal["upsert", "update_only", "create_only"] = "upsert"
    """Of profiles: create and change them, change only those that CleverTap has, or create only
    those that it lacks. The last two ask for each profile that this sync never delivered."""
    look_again_hours: float = Setting(24, strict=True, gt=0)
    """Of `mode`, and of fields with `write: if_empty`: age above which CleverTap is asked again
    what it has."""
    send: Literal["records", "changed_fields"] = "records"
    """Of a profile that changed: send its record, or only the fields that changed since they were
    acknowledged. After a lost answer the whole record goes."""
    verify: Verify | None = None
    """After a delivery, whether CleverTap has what it acknowledged: a sample of profiles is read
    back, events are counted by name and day. One request each, three at a time."""
    on_removed: Literal["keep", "clear", "delete"] = "keep"
    """Of people who are in the source no more: keep them, clear their fields or delete them."""
    max_removed: Share = 0.05
    """Share of people removed at once above which nothing is sent."""
    max_changed: Share | None = None
    """Share of profiles changed at once above which nothing is sent."""
    fresh_within_hours: float | None = Setting(None, strict=True, gt=0)
    """Age of the last delivery above which the asset counts as stale."""
    log: Log | None = None
    """Keep a row for each operation of each delivery, as asset `<name>/log`. Left out: off."""
    show_keys: Literal["off", "masked", "plain"] = "masked"
    """Whether Dagster's catalog shows a few keys of the rows that did not arrive."""
    tests: tuple[RowsTest, ...] = ()
    """Rows, and what is to become of them: `ct-assets test` and `dg check defs` look."""
    description: str | None = None
    owners: Owners = ()
    tags: Tags = Setting(default_factory=dict)
    group: Name | None = None

    @field_validator("where")
    @classmethod
    def _condition(cls, text: str | None) -> str | None:
        if text is not None:
            check_sql(text, "Name one in the condition, such as `age > 17`, or leave it out.")
        return text

    @field_validator("log", mode="before")
    @classmethod
    def _no_log(cls, raw: Any) -> Any:  # noqa: ANN401 -- whatever was written
        return None if raw is False else raw

    @property
    def event_name(self) -> str | None:
        """The one name of its events, if they have one and not a column of names."""
        return str(self.event.value) if self.event and self.event.value is not None else None

    @property
    def junk(self) -> Collection[str]:
        return JUNK_IDENTITIES if self.junk_identities is None else self.junk_identities

    @model_validator(mode="before")
    @classmethod
    def _after_its_people(cls, raw: Any) -> Any:  # noqa: ANN401 -- whatever was written
        """A segment goes after the sync of its people."""
        people = raw.get("require_profile") if isinstance(raw, Mapping) else None
        if people is None or raw.get("object") != "segment":
            return raw
        after = raw.get("after", ())
        known = not isinstance(after, list | tuple) or people in after
        return raw if known else {**raw, "after": (*after, people)}

    @property
    def rejecting(self) -> str | None:
        """The profile sync whose rejected people have no events."""
        return self.require_profile if self.object == "event" else None

    @property
    def record(self) -> Fielded:
        """The record whose rules of names and values hold."""
        return "profile" if self.object == "segment" else self.object

    @property
    def idempotent(self) -> bool:
        """Whether sending a record twice does no harm."""
        counted = any(field.op in NUMBER_OPERATORS for field in self.fields.values())
        return self.object != "event" and not counted

    @cached_property
    def digest(self) -> str:
        """Stable hash of what decides the records; schedules and descriptions play no part."""
        meaning = self.model_dump(
            mode="json", by_alias=True, include=_MEANING, exclude_defaults=True
        )
        text = json.dumps(meaning, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def columns(self) -> set[str]:
        """Columns of the source that the declaration names, but those that only tell a region."""
        names: set[str] = set()
        for part in self.fillings():
            names |= part.columns(regions=False)
        names |= {consent.column for consent in self.consent}
        if self.where:
            names |= sql_columns(self.where)
        if self.duplicates.keep_latest_by:
            names.add(self.duplicates.keep_latest_by)
        if self.partition:
            names.add(self.partition.by)
        return names

    def regions(self) -> set[str]:
        """Columns that tell where phone numbers belong."""
        parts = [part for part in self.fillings() if part.region and part.region.column]
        return {str(part.region.column) for part in parts if part.region}

    def fillings(self) -> list[Filling]:
        single = [part for part in (self.event, self.event_key, self.ts) if part]
        return [*self.identify_by, *single, *self.fields.values()]

    @property
    def has_sql(self) -> bool:
        return self.where is not None or any(part.expr is not None for part in self.fillings())

    def bare(self, fields: Mapping[str, Field] | None = None) -> Self:
        """With these fields alone, and nothing else that rows hold beside the identity."""
        nothing = {"other_columns": None, "ts": None, "where": None, "consent": ()}
        rest = {**nothing, "duplicates": Duplicates(), "fields": dict(fields or {})}
        return self.model_copy(update=rest)

    def lineage(self) -> dict[str, set[str]]:
        """Columns of the source by the field of CleverTap that they end up in.

        Fields of `other_columns` are known once the source's columns are: see `BoundSync.lineage`.
        """
        lineage = {name: field.columns() for name, field in self.fields.items()}
        for consent in self.consent:
            lineage |= {f"MSG-{channel}": {consent.column} for channel in consent.channels}
        parts = [("evtName", self.event), ("ts", self.ts)]
        for name, part in (*((i.kind, i) for i in self.identify_by), *parts):
            if part and part.columns():
                lineage[name] = lineage.get(name, set()) | part.columns()
        return lineage


_MEANING = {
    "name",
    "object",
    "source",
    "identify_by",
    "where",
    "fields",
    "other_columns",
    "consent",
    "event",
    "event_key",
    "ts",
    "duplicates",
    "require_profile",
    "segment",
    "junk_identities",
    "limits",
}
