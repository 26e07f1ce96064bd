"""Types the settings of syncs and sources, so that editors complete them and mypy checks them.

The models of `ct_assets.mapping` and `ct_assets.sources` judge a declaration, whichever way it is
written; these types say of Python what a model's validators take: each short form beside the long
one. A test compares every setting, and the values of every choice, with the models.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal, Required, TypedDict

from ct_assets.clevertap.fields import FieldTypeName

Names = list[str] | tuple[str, ...]
"""Not `Sequence[str]`, which a mere text is, too."""
JsonShape = bool | str | Sequence["JsonShape"] | Mapping[str, "JsonShape"]
Scalar = str | bool | int | float | date | datetime


class RegionSettings(TypedDict, total=False):
    value: str | None
    column: str | None


class RedactionSettings(TypedDict, total=False):
    first: int
    last: int


class FillingSettings(TypedDict, total=False):
    column: str | None
    template: str | None
    value: Scalar | Sequence[Scalar] | None
    expr: str | None
    timezone: str
    unit: Literal["s", "ms", "us", "ns"] | None
    format: str | Names
    region: str | RegionSettings | None
    accept: Names | None
    doubled_code: Literal["warn", "reject", "plus"]


class FieldSettings(FillingSettings, total=False):
    type: FieldTypeName | None
    on_invalid: Literal["reject", "drop"]
    on_null: Literal["skip", "clear"]
    op: Literal["set", "add", "remove", "incr", "decr"]
    nested: Literal["reject", "flatten", "json"]
    international: bool
    separator: str | None
    map: Mapping[str, str | bool | int | float | None] | None
    otherwise: str | bool | int | float | None
    hash: Literal["sha256", "sha512", "md5"] | None
    normalise: Literal["lower", "trim", "none"]
    write: Literal["always", "if_empty", "if_changed"] | None
    redact: Literal[True] | RedactionSettings | None
    json: JsonShape


class ConsentSettings(TypedDict, total=False):
    column: Required[str]
    channels: Required[Sequence[Literal["email", "sms", "whatsapp", "push"]]]
    on_denied: Literal["drop", "clear", "reject", "keep"]
    on_null: Literal["skip", "deny"]


class MomentSettings(FillingSettings, total=False):
    on_null: Literal["reject", "skip"]


class IdentifierSettings(FillingSettings, total=False):
    type: Literal["phone", "email"] | None


class IdentifiedBy(TypedDict, total=False):
    """A mapping with exactly one of these keys."""

    identity: str | IdentifierSettings
    objectId: str | IdentifierSettings
    FBID: str | IdentifierSettings
    GPID: str | IdentifierSettings
    email: str | IdentifierSettings
    phone: str | IdentifierSettings


class DuplicatesSettings(TypedDict, total=False):
    keep_latest_by: str | None


OtherColumnsSettings = TypedDict("OtherColumnsSettings", {"except": Names}, total=False)


class OnChangeSettings(TypedDict, total=False):
    rows: int | None
    minutes: int | None


class TriggerSettings(TypedDict, total=False):
    cron: str | None
    timezone: str
    on_change: Literal[True] | OnChangeSettings | None


class PartitionSettings(TypedDict, total=False):
    by: Required[str]
    every: Required[Literal["day", "month"]]
    start: Required[date | str]
    timezone: str


class RowsTestSettings(TypedDict, total=False):
    name: str | None
    given: Required[Mapping[str, object] | Sequence[Mapping[str, object]]]
    types: Mapping[str, Literal["string", "integer", "float", "boolean", "date", "datetime"]]
    expect: Required[str | Mapping[str, object] | Sequence[str | Mapping[str, object]]]


class LimitSettings(TypedDict, total=False):
    value_bytes: int
    key_bytes: int
    event_name_bytes: int
    identity_bytes: int
    object_id_length: int
    custom_fields: int
    event_fields: int
    event_types: int
    list_items: int
    items: int
    phone_digits: tuple[int, int]
    age: tuple[int, int]


class SegmentSettings(TypedDict, total=False):
    name: Required[str]
    creator: Required[str]
    email: Required[str]
    replace: bool
    unacknowledged: Literal["hold", "send"]
    max_shrink: float


class LogSettings(TypedDict, total=False):
    days: float
    values: bool
    connection: str | None
    table: str | None


class VerifySettings(TypedDict, total=False):
    sample: int


class SyncSettings(TypedDict, total=False):
    """See `ct_assets.mapping.declaration.sync.Sync`, which says what each is for."""

    name: Required[str]
    object: Required[Literal["profile", "event", "segment", "token", "subscription"]]
    source: Required[str]
    identify_by: Required[Sequence[IdentifiedBy]]
    where: str | None
    fields: Mapping[str, str | FieldSettings]
    other_columns: Literal[True] | OtherColumnsSettings | None
    consent: ConsentSettings | Sequence[ConsentSettings]
    event: str | FillingSettings | None
    event_key: str | FillingSettings | None
    ts: str | MomentSettings | None
    duplicates: Literal["reject"] | DuplicatesSettings
    require_profile: str | None
    segment: SegmentSettings | None
    junk_identities: Names | None
    limits: LimitSettings
    max_rejected: float
    max_refused: float | None
    trigger: str | TriggerSettings | None
    paused: bool
    after: Names
    upstream: Literal["none", "direct", "all"]
    destination: str | None
    partition: PartitionSettings | None
    on_unknown: Literal["resend", "park"]
    first_run: Literal["backfill", "from_now"]
    mode: Literal["upsert", "update_only", "create_only"]
    look_again_hours: float
    send: Literal["records", "changed_fields"]
    verify: Literal[True] | VerifySettings | None
    on_removed: Literal["keep", "clear", "delete"]
    max_removed: float
    max_changed: float | None
    fresh_within_hours: float | None
    log: bool | LogSettings | None
    show_keys: Literal["off", "masked", "plain"]
    tests: Sequence[RowsTestSettings]
    description: str | None
    owners: Names
    tags: Mapping[str, str]
    group: str | None


class IncrementalSettings(TypedDict, total=False):
    column: Required[str]
    key: str | Names | None
    lookback: str | int
    full_every: str


class SourceSettings(TypedDict, total=False):
    """See `ct_assets.sources.source.Source`, which says what each is for."""

    asset: Required[str]
    file: str | None
    table: str | None
    sql: str | None
    sql_file: str | None
    delta: str | None
    iceberg: str | None
    catalog: str | None
    types: Mapping[str, Literal["string", "integer", "float", "boolean", "date", "datetime"]]
    format: Literal["csv", "ndjson", "parquet"] | None
    encoding: str | None
    separator: str | None
    quote: str | None
    escape: str | None
    nulls: Names
    skip: int
    upstream: Names
    database: str | None
    connection: str | None
    watermark: str | None
    watermark_sql: str | None
    incremental: IncrementalSettings | None
    description: str
    owners: Names
    tags: Mapping[str, str]
    group: str | None


class ConnectionSettings(TypedDict, total=False):
    """See `ct_assets.sources.connections.connection_spec.ConnectionSpec`."""

    name: Required[str]
    url: str | None
    resource: str | None
    time_zone: str
    timeout_minutes: float | None
    fetch_mb: int
