"""DeliveryRequest says what one delivery is to do; Policy, what the declaration says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from ct_assets.clevertap.contract import (
    MAX_IN_FLIGHT,
    MAX_IN_FLIGHT_OTHER,
    MAX_RECORDS,
    MAX_TOKENS,
    ObjectName,
)
from ct_assets.delivery.state.witness import Witness
from ct_assets.row_counts import RowCounts

MEMORY = "270MB"

Write = Literal["always", "if_empty", "if_changed"]


@dataclass(frozen=True, kw_only=True)
class CustomList:
    """The segment in CleverTap that a delivery fills, as its declaration names it."""

    name: str
    creator: str
    email: str
    replace: bool = True
    max_shrink: float = 0.5
    """A share of the members that were acknowledged; up to ten always pass."""


@dataclass(frozen=True, kw_only=True)
class LogPolicy:
    """How the log of a sync is kept: see `delivery/settlement/sync_log.py`."""

    retention: timedelta = timedelta(days=90)
    values: bool = False
    """Whether it has records and messages, which quote values."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The part of a sync's declaration that its delivery depends on."""

    sync: str
    object: ObjectName
    declaration: str
    """A digest; refused rows are offered again when it changes."""
    event_key: str | None = None
    meaning: Mapping[str, str] = field(default_factory=dict)
    """Further settings, in words, that decide which people or events are meant."""
    on_unknown: Literal["resend", "park"] = "resend"
    first_run: Literal["backfill", "from_now"] = "backfill"
    """Events only."""
    on_removed: Literal["keep", "clear", "delete"] = "keep"
    max_removed: float = 0.05
    """A share of the rows that were acknowledged; up to ten rows always pass."""
    max_changed: float | None = None
    """A share of the rows that were acknowledged, while the declaration stays the same."""
    max_refused: float | None = None
    """A share of the records with a verdict, above which nothing more leaves: see RefusalLimit."""
    idempotent: bool = True
    """False if a profile sent twice counts twice, as with `incr`."""
    mode: Literal["upsert", "update_only", "create_only"] = "upsert"
    look_again: timedelta = timedelta(hours=24)
    """Age above which it is asked again whether CleverTap has a profile."""
    sends_changed_fields: bool = False
    """Whether a changed profile goes without the fields that CleverTap acknowledged as they are."""
    writes: Mapping[str, Write] = field(default_factory=dict)
    """When a changed profile has a field, of the fields that say so for themselves."""
    custom_list: CustomList | None = None
    """Of a segment."""
    log: LogPolicy | None = None
    neighbours: frozenset[str] = frozenset()
    """Names of the other syncs declared today: none of them is this sync under an old name."""

    @property
    def counts_twice(self) -> bool:
        """Whether a record that arrives twice does harm."""
        return self.object == "event" or not self.idempotent

    @property
    def records_a_call(self) -> int:
        return MAX_TOKENS if self.object == "token" else MAX_RECORDS

    @property
    def in_flight(self) -> int:
        """CleverTap names no limit for subscriptions; they keep to the one of all other calls."""
        return MAX_IN_FLIGHT_OTHER if self.object == "subscription" else MAX_IN_FLIGHT

    @property
    def parks(self) -> bool:
        """Whether a record whose answer was lost waits for a person."""
        return self.counts_twice and self.on_unknown == "park"

    @property
    def filling(self) -> tuple[str, ...]:
        """Fields that go only to profiles that have none."""
        return tuple(name for name, write in self.writes.items() if write == "if_empty")

    @property
    def looks(self) -> bool:
        """Whether profiles are looked for before they are sent."""
        return self.mode != "upsert" or bool(self.filling)

    @property
    def keeps_marks(self) -> bool:
        """Whether the state knows fields one by one, since some go only when they changed."""
        return self.sends_changed_fields or "if_changed" in self.writes.values()

    @property
    def narrows(self) -> bool:
        """Whether a record may go without some of its fields."""
        return self.keeps_marks or bool(self.filling)

    def goes_if_changed(self, name: str) -> bool:
        default = "if_changed" if self.sends_changed_fields else "always"
        return self.writes.get(name, default) == "if_changed"

    def once(self, guard: str) -> str:
        """Says how a person lets a guard pass."""
        return f"run once with allow: [{guard}] (ct-assets run {self.sync} --allow {guard})"


@dataclass(frozen=True, kw_only=True)
class ChangedRows:
    """The valid rows that an earlier snapshot lacked: it had all others, as they are."""

    rows: Path
    """They alone, with their place among all that are valid."""
    base: Path
    """Those of the earlier snapshot."""


@dataclass(frozen=True, kw_only=True)
class DeliveryRequest:
    """One run of one sync: `valid` rows to `<state>/<destination>/<sync>` at `home`."""

    home: Path
    valid: Path
    policy: Policy
    run: str
    changed: ChangedRows | None = None
    """Those of `valid` that alone need be compared if CleverTap has the earlier snapshot."""
    people: Path | None = None
    """The home of the profile sync whose acknowledged people alone may be in a segment."""
    keys: Path | None = None
    """The keys of all source rows; without it no row is taken for removed."""
    rejections: Path | None = None
    """The rejected rows for the log: key, kind, identity, fields, code, reason, message."""
    counts: RowCounts | None = None
    """The account of the split; None if only the valid rows are known."""
    full: bool = False
    """Profiles go whether they changed or not."""
    limit: int | None = None
    allow: frozenset[str] = frozenset()
    """Guards that this run may pass, by the names that their messages give."""
    reviewed: str = ""
    """The digest of a plan that a person has looked at: nothing else is sent."""
    partition: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    patience: timedelta = timedelta(hours=1)
    """How long to wait for another run of this sync."""
    retention: timedelta = timedelta(days=30)
    """How long reports, and the ledger of what is folded, are kept."""
    witnesses: tuple[Witness, ...] = ()
    """Others than the files that know of earlier deliveries, such as Dagster's event log."""
    rehearsal: bool = False
    """On a copy of the state: nothing is compared with it, and nobody is told of it."""
    memory: str = MEMORY
    """Memory of the database, above which it uses the disk."""

    @property
    def rejected(self) -> int:
        return self.counts.rejected if self.counts else 0

    def once(self, guard: str) -> str:
        return self.policy.once(guard)
