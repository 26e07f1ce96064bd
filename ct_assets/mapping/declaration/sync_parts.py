"""SyncParts are the settings of a sync that have settings of their own."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field as Setting
from pydantic import field_validator, model_validator

from ct_assets.mapping.declaration.filling import Filling, Part, known_timezone
from ct_assets.mapping.declaration.problems import mistake, shown

# Strict, since `true` would pass for a 1 otherwise.
Share = Annotated[float, Setting(strict=True, ge=0, le=1)]
Whole = Annotated[int, Setting(strict=True, gt=0)]


class OnChange(Part):
    """Wait for so many changed rows or minutes, whichever comes first; by default for neither."""

    rows: Whole | None = None
    minutes: Whole | None = None


class Trigger(Part):
    cron: str | None = None
    """Any line that Dagster's schedules take; `components` asks Dagster."""
    timezone: str = "UTC"
    on_change: OnChange | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        if isinstance(raw, str):
            return {"on_change": {}} if raw == "on_change" else {"cron": raw}
        if isinstance(raw, Mapping) and raw.get("on_change") is True:
            return {**raw, "on_change": {}}
        return raw

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.cron is None) == (self.on_change is None):
            raise mistake("write either a cron line, such as `0 * * * *`, or `on_change`.")
        return self

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        return known_timezone(name)


class Duplicates(Part):
    """Of rows with one key: all are rejected, or all but the latest are left out."""

    keep_latest_by: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        if raw == "reject":
            return {}
        if isinstance(raw, Mapping | Duplicates):
            return raw
        raise mistake(f"must be reject or `keep_latest_by: COLUMN`, not {shown(raw)}.")


class Partition(Part):
    by: str
    every: Literal["day", "month"]
    start: date
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        return known_timezone(name)


class OtherColumns(Part):
    """All columns that nothing else in the declaration names, as fields of the same names.

    One that only tells the region of phone numbers is among them.
    """

    except_: tuple[str, ...] = Setting((), alias="except")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        return {} if raw is True else raw


class Segment(Part):
    """A custom list, which CleverTap makes of a file; what it leaves out it tells `email` of."""

    name: str = Setting(min_length=1)
    """Of the list in CleverTap."""
    creator: str = Setting(min_length=1)
    """Who made it, as CleverTap shows it."""
    email: str = Setting(min_length=3)
    """An admin of the account, to whom CleverTap mails what became of the file."""
    replace: bool = True
    """Whether a list of this name may be replaced. If not, it can be sent once only."""
    unacknowledged: Literal["hold", "send"] = "hold"
    """Of people whom the sync of `require_profile` never delivered: hold them back, or send them
    all the same; CleverTap passes over those that it does not know."""
    max_shrink: Share = 0.5
    """Share by which the list may become shorter at once; above it nothing is sent."""


class Log(Part):
    """One row for each operation of each delivery, in Parquet, and in a table if one is named."""

    days: float = Setting(90, strict=True, gt=0)
    """How long a delivery stays in it."""
    values: bool = False
    """Whether it has records and CleverTap's messages, which quote values, and not names alone."""
    connection: str | None = None
    """The database that has the table: DuckDB, Postgres or Snowflake."""
    table: str | None = None
    """Such as ct.customers_log; it is made if it is not there."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        if isinstance(raw, bool | str | int):
            if raw is not True:
                raise mistake(f"must be true or settings such as `days: 90`, not {shown(raw)}.")
            return {}
        return raw

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.connection is None) != (self.table is None):
            raise mistake(
                "has one of `connection` and `table` alone. Write both, such as "
                "`log: {connection: shop, table: ct.customers_log}`, or none of them."
            )
        return self

    @field_validator("table")
    @classmethod
    def _named(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"([A-Za-z_]\w*\.){0,2}[A-Za-z_]\w*", name):
            raise mistake(
                f"{name!r} is no name of a table. Write letters, digits and _, such as "
                "ct.customers_log."
            )
        return name


class Verify(Part):
    """Read back what was acknowledged, to find what CleverTap drops without a word."""

    sample: Whole = 200
    """Profiles that are read back after each delivery."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, raw: object) -> object:
        return {} if raw is True else raw


class EventName(Filling):
    short_for: ClassVar[str] = "value"
