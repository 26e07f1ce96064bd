"""What the sandbox does where CleverTap's documentation is silent or contradicts itself.

Every field is a policy with the default that the documentation, or what was seen on the wire,
makes most likely. `Settings(...)` at start changes it; `settings.json` in the sandbox's folder does
the same for a sandbox that is started by a run.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from ct_assets.clevertap.contract import LIMITS, Limits


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    account_id: str = "SANDBOX"
    passcode: str = Field(default="sandbox", repr=False)
    time_zone: str = "UTC"
    """The project's time zone: exports give the times of events, and take dates, in it."""

    mode: Literal["store", "validate", "count"] = "store"
    """`validate` judges every record and keeps none; `count` looks at no record at all. Both are
    for measuring a sender."""

    max_in_flight: PositiveInt = 15
    """Requests in flight on /1/upload. Older editions of the documentation say 3."""
    max_in_flight_other: PositiveInt = 3
    """Requests in flight on each other API that has a limit."""
    share_upload_slots: bool = True
    """Profiles, events and tokens share the limit of /1/upload; CleverTap lists them apart."""
    retry_after: PositiveInt | None = None
    """Seconds in a Retry-After header of 429; CleverTap documents no such header."""

    max_records: PositiveInt = 1000
    """Profiles and events of one upload. Older editions say 100 for profiles."""
    max_tokens: PositiveInt = 100
    max_body_bytes: PositiveInt | None = None
    """Above it 413; CleverTap publishes no limit."""
    body_seconds: float = 120.0
    """Time for a request's head, and again for its body, to arrive."""

    limits: Limits = LIMITS
    event_property_overflow: Literal["refuse", "drop"] = "refuse"
    """Refuse is code 522; drop keeps the first properties and says so in the error stream."""
    nested_objects: bool = False
    """A beta that CleverTap turns on per account; without it nested values draw 512 in events."""
    nested_depth: PositiveInt = 3

    phone_check: Literal["strict", "lenient"] = "strict"
    """Strict wants 8 to 15 digits after the plus sign, as the web SDK does; lenient 5 to 15."""
    numeric_identity: Literal["stringify", "refuse"] = "stringify"
    junk_identities: Literal["accept", "refuse"] = "accept"
    """`null`, `n/a`, `0` and the like: refused by CleverTap's imports, unknown for the API."""
    unknown_object_id: Literal["refuse", "create"] = "refuse"
    """Refuse is code 526. Devices become known through POST /sandbox/devices, or in profile.json;
    `create` takes any well-formed id as a device of a new profile."""
    max_timestamp: PositiveInt = 99_999_999_999
    """Above it 525: milliseconds instead of seconds. CleverTap documents no bound."""

    delete_operator: Literal["all", "name_and_gender"] = "all"
    """Which properties `$delete` removes."""
    type_drift: Literal["accept", "drop_property", "drop_event"] = "drop_property"
    """What becomes of a value whose type is not the one its property was first seen with. Integers
    and floats go together. `drop_event` drops the whole profile update or event."""
    discarded_events: frozenset[str] = frozenset()
    """Events that someone discarded in the dashboard: code 528."""
    discarded_properties: frozenset[str] = frozenset()
    """Dropped in silence."""

    token_types: frozenset[str] = frozenset({"apns", "fcm", "gcm", "wns", "mpns", "chrome"})
    whatsapp_subscriptions: bool = False
    """/1/subscribe takes `whatsapp` beside phone and email; only partners say so."""
    delete_delay_seconds: float = 0.0
    """CleverTap deletes within 48 hours; until then a deleted profile is still read and updated."""
    demerge_delay_seconds: float = 0.0
    export_delay_seconds: float = 0.0
    """How long an export answers code 2, still in progress."""
    missing_profile: Literal["null", "fail"] = "null"

    log_rows: PositiveInt = 20_000
    """Requests kept in the log, and the errors of the error stream that came with them."""
    keep_bodies: int = 0
    """Whole bodies of the last requests kept in memory, for tests that look into them."""
