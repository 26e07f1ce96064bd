"""Decides what the sandbox does where CleverTap's documentation is silent or contradicts itself.

Each field has the default that documentation and observation make most likely. `Settings(...)` at
the start changes it; `settings.json` in the sandbox's folder does the same for a sandbox that a
run starts.
"""

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveInt,
    ValidationError,
    field_validator,
)

from ct_assets.clevertap.contract import LIMITS, RESERVED_EVENTS, Limits


class SettingsGroup(BaseModel):
    """A group of settings; the page shows the text below each field."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class RequestSettings(SettingsGroup):
    """Settings of requests: credentials, limits, sizes."""

    account_id: str = "SANDBOX"
    """Any other id is answered 401, Account ID is not valid."""
    passcode: str = Field(default="sandbox", repr=False)
    """Any other passcode is answered 401, Invalid Credentials."""

    max_in_flight: PositiveInt = 15
    """Requests in flight on /1/upload. Older editions of the documentation say 3."""
    max_in_flight_other: PositiveInt = 3
    """Requests in flight on each other API that has a limit."""
    share_upload_slots: bool = True
    """Profiles, events and tokens share the limit of /1/upload, which CleverTap lists apart for
    each of them. Apart, an upload belongs to the kind of its first record."""
    retry_after: PositiveInt | None = None
    """Seconds in a Retry-After header of 429; CleverTap documents no such header."""
    cooldown_seconds: NonNegativeFloat = 0.0
    """After a 429, everything else is 429 for so long; old pages asked for ten minutes."""

    max_records: PositiveInt = 1000
    """Profiles and events of one upload, beyond it 400. Older editions say 100 for profiles."""
    max_tokens: PositiveInt = 100
    """Device tokens of one upload, beyond it 400."""
    max_body_bytes: PositiveInt | None = None
    """Above it 413; CleverTap publishes no limit."""
    body_seconds: NonNegativeFloat = 120.0
    """Time for a request's body to arrive, else 408."""
    dry_run: Literal["honour", "ignore"] = "honour"
    """`dryRun=1` is not in the published reference, but was answered."""
    content_type_on_get: Literal["ignore", "refuse"] = "ignore"
    """The newest page says that a GET must not have the header; others send it, and it works."""
    json_style: Literal["compact", "spaced"] = "compact"
    """Answers of 2018 had spaces around every mark."""
    list_path_prefix: Literal["", "/1"] = ""
    """Stands before the paths of the two calls of custom lists."""


class RecordSettings(SettingsGroup):
    """Settings of records: which ones are refused."""

    limits: Limits = LIMITS
    """The limits of an account: `limits.event_fields` and so on."""
    event_property_overflow: Literal["refuse", "drop"] = "refuse"
    """Refuse is code 522; drop keeps the first properties and says so in the error stream."""
    nested_objects: bool = False
    """A beta that CleverTap turns on per account; without it nested values draw 512 in events and
    are dropped from profiles in silence."""
    nested_depth: PositiveInt = 3
    """Of nested objects, if they are on; what lies deeper is dropped."""
    phone_check: Literal["strict", "lenient"] = "strict"
    """Strict wants 8 to 15 digits after the plus sign, as the web SDK does; lenient 5 to 15."""
    numeric_identity: Literal["stringify", "refuse"] = "stringify"
    """An identity that is a number; refuse is code 523."""
    junk_identities: Literal["accept", "refuse"] = "accept"
    """`null`, `n/a`, `0` and the like: refused by CleverTap's imports, unknown for the API."""
    unknown_object_id: Literal["refuse", "create"] = "refuse"
    """Refuse is code 526. Devices become known through POST /sandbox/devices, and every profile
    shows an objectId in profile.json; `create` takes any well-formed one as a new profile's."""
    max_timestamp: PositiveInt = 99_999_999_999
    """Above it 525: milliseconds instead of seconds. CleverTap documents no bound."""
    reserved_events: frozenset[str] = frozenset(RESERVED_EVENTS)
    """Code 513: what the documentation lists, what the SDKs add, what was seen refused."""
    discarded_events: frozenset[str] = frozenset()
    """Events that someone discarded in the dashboard: code 528."""
    token_types: frozenset[str] = frozenset({"apns", "fcm", "gcm", "wns", "mpns", "chrome"})
    """Else 535; current pages name apns, fcm and gcm only."""
    whatsapp_subscriptions: bool = False
    """/1/subscribe takes `whatsapp` beside phone and email; only partners say so."""


class StorageSettings(SettingsGroup):
    """Settings of storage: how accepted records are kept."""

    mode: Literal["store", "validate", "count"] = "store"
    """`validate` judges every record and keeps none; `count` looks at no record at all. Both are
    for measuring a sender."""
    time_zone: str = "UTC"
    """The project's time zone: exports give the times of events, and take dates, in it."""

    length_unit: Literal["bytes", "characters"] = "bytes"
    """Of the limits on names and values; the API's pages and the product's pages disagree."""
    long_values: Literal["truncate", "drop"] = "truncate"
    """Too long values, with a line in the error stream either way."""
    forbidden_characters: Literal["strip", "accept"] = "strip"
    """In names of properties and events, with a line in the error stream either way."""
    number_signs: Literal["warn", "strip"] = "warn"
    """`#` in names: only some of the lists of forbidden characters have it."""
    null_values: Literal["ignore", "delete"] = "ignore"
    """Properties given as null."""
    bad_system_values: Literal["accept", "drop"] = "accept"
    """A DOB that is no date, a MSG- flag that is no boolean: no code is published for them."""
    both_identifiers: Literal["objectId", "identity"] = "objectId"
    """Which of the two selects the profile when a record has both; the other is linked to it."""
    delete_operator: Literal["all", "name_and_gender"] = "all"
    """Which properties `$delete` removes."""
    type_drift: Literal["accept", "drop_property", "drop_event"] = "drop_property"
    """How a value is treated whose type is not the one its property was first seen with. Integers
    and floats go together. `drop_event` drops the whole profile update or event."""
    discarded_properties: frozenset[str] = frozenset()
    """Dropped in silence."""
    event_name_case: Literal["insensitive", "exact"] = "insensitive"
    """Insensitive: names that differ in case and spaces are one event, the first spelling wins."""
    repeated_events: Literal["keep", "collapse"] = "keep"
    """An event equal to an earlier one in person, name, time and properties."""

    delete_delay_seconds: NonNegativeFloat = 0.0
    """CleverTap deletes within 48 hours; until then a deleted profile is still read and updated."""
    demerge_delay_seconds: NonNegativeFloat = 0.0
    """CleverTap parts profiles within a day."""
    unknown_profiles: Literal["ignore", "refuse"] = "ignore"
    """Deletions and demerges of unknown profiles: ignored without an error, or 404 for all."""
    export_delay_seconds: NonNegativeFloat = 0.0
    """How long an export answers code 2, still in progress, and a count `partial`."""
    schema_types: bool = True
    """/getSchema tells the type of each property, under `type`; its answer is not published."""
    missing_profile: Literal["null", "fail"] = "null"
    """The answer of /1/profile.json for an unknown profile: a record of null, or a failure."""

    log_rows: PositiveInt = 10_000
    """Requests kept in the log, and the errors of the error stream that came with them."""
    error_rows: PositiveInt = 200_000
    """Lines kept in the error stream."""
    keep_bodies: int = Field(default=0, ge=0)
    """Whole bodies of the last requests kept in memory, for tests that look into them."""

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ValueError, ZoneInfoNotFoundError):
            raise ValueError(f"{name!r} is no time zone; use one such as Europe/Berlin") from None


class Settings(RequestSettings, RecordSettings, StorageSettings):
    model_config = ConfigDict(frozen=True, extra="forbid")


def wrong_in(error: ValidationError) -> str:
    """Each field with its error; `body` stands for the whole input."""
    return "; ".join(
        f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg'].removeprefix('Value error, ')}"
        for e in error.errors()
    )
