"""Contract of CleverTap: its limits, and the names and identities that it refuses.

Every figure stands beside the page it was read on. Where CleverTap's pages disagree the stricter
one is the default and `Limits` lets a sync say otherwise.
"""

from typing import Annotated, Literal

from pydantic import Field

from ct_assets.documented_model import DocumentedModel

# developer.clevertap.com/docs/upload-user-profiles-api and upload-events-api (2026); older
# editions say 100 for profiles.
MAX_RECORDS = 1000
# developer.clevertap.com/docs/upload-device-tokens-api
MAX_TOKENS = 100
# developer.clevertap.com/docs/delete-user-profile-api
MAX_DELETES = 100
# developer.clevertap.com/docs/demerge-user-profile-api
MAX_DEMERGES = 100
# docs.clevertap.com/docs/custom-list-segments: the CSV file of a custom list, by API.
MAX_LIST_BYTES = 5_000_000_000
# developer.clevertap.com/docs/api-request-limit (2026-03-17): requests in flight at one time, for
# uploads and for every other API.
MAX_IN_FLIGHT = 15
MAX_IN_FLIGHT_OTHER = 3

ObjectName = Literal["profile", "event", "segment", "token", "subscription"]
"""Kinds of what a sync sends, as declarations name them."""

# In the order in which a sync should prefer them. developer.clevertap.com/docs/faqs
IDENTIFIERS = ("identity", "objectId", "FBID", "GPID")
DELETABLE = ("identity", "objectId")
"""Those that the delete endpoint takes."""
# developer.clevertap.com/docs/subscribe-api: what a subscription is of.
CONTACTS = ("email", "phone")

# The first line is refused by the warehouse and CSV imports, whatever the case of the letters; what
# the upload API does with it is not published. The others are what databases, spreadsheets and
# programs write for nothing, or for nobody. Each would gather strangers in one profile.
_JUNK = r"""
undefined, null, na, n/a, 0, nil, -1, infinity, -infinity, inf, +inf, -inf, nan, -nan, xxxxxx,
none, \n, <null>, [null], (null), <none>, (none), <nil>, <na>, <nan>, nat, n.a., -, --, ---, –, —,
#n/a, #n/a n/a, #na, #null!, #ref!, #value!, #name?, #div/0!, #num!, #spill!, #calc!, #error!,
#nv, #n/d, #wert!, #bezug!, #zahl!, #valeur!, #nom?, #nombre!, #¡valor!, #¡ref!, #¿nombre?,
n.a, n / a, none none, null null, undefined undefined, (empty), (blank), {}, [],
unknown, (unknown), anonymous, guest, not_authenticated, true, false, [object object],
00000000-0000-0000-0000-000000000000, {00000000-0000-0000-0000-000000000000},
00000000000000000000000000000000,
0.0, '', "", ., ?, missing, (missing), not set, (not set), not available
"""
JUNK_IDENTITIES = frozenset(word.strip() for word in _JUNK.split(","))

# developer.clevertap.com: "Set CleverTap ID": letters, digits and these.
OBJECT_ID_CHARACTERS = "()!:@$_-"

# docs.clevertap.com/docs/platform-considerations; `#` only on the pages about imports.
FORBIDDEN_CHARACTERS = "%><!|&.:;$'\"\\#"

# The prefix of CleverTap's own events and properties in its SDKs.
RESERVED_PREFIX = "wzrk_"

# Code 513. Published on docs.clevertap.com/docs/platform-considerations, then what the SDKs add,
# then the pages of system events, then one that was only ever seen refused.
RESERVED_EVENTS = (
    "Notification Sent",
    "Notification Viewed",
    "Notification Clicked",
    "Notification Delivered",
    "Notification Replied",
    "UTM Visited",
    "App Launched",
    "App Uninstalled",
    "App Version Changed",
    "Stayed",
    "Reply Sent",
    "Experiment Rendered",
    "Reachable By",
    "Identity Reset",
    "Identity Set",
    "Identity Error",
    "Geocluster Entered",
    "Geocluster Exited",
    "SCCampaignOptOut",
    "Notification Bounced",
    "App Installed",
    "App Upgraded",
    "Web Session Started",
    "Push Impressions",
    "Push Unregistered",
    "Channel Subscribed",
    "Channel Unsubscribed",
    "Session Concluded",
    "State Transitioned",
    "Partner Sync",
    "Notification Failed",
    "Web Page Viewed",
)

Positive = Annotated[int, Field(gt=0)]


class Limits(DocumentedModel):
    """Limits of an account; lengths are of UTF-8 bytes, of which `é` is two and `😀` four."""

    value_bytes: Positive = 512
    """Length of a text value. The API pages say bytes, the product pages characters, the newest
    SDKs 1024 characters."""

    key_bytes: Positive = 120
    """Length of a field's name. Bytes on the API pages, characters on the product pages."""

    event_name_bytes: Positive = 512
    """Length of an event's name. Not published for the API; the web SDK trims at 1024 characters,
    partners count 512."""

    identity_bytes: Positive = 1024
    """Length of an identity; CleverTap says "under 1024 chars" on the page of imports."""

    object_id_length: Positive = 64
    """Length of a CleverTap ID that was set by the app."""

    custom_fields: Positive = 256
    """Custom properties of profiles: per profile on one page, per account on another."""

    event_fields: Positive = 100
    """Properties of one event: 100 unless CleverTap raised it for the account; older pages: 256."""

    event_types: Positive = 512
    """Names of events in an account, CleverTap's own included."""

    list_items: Positive = 100
    """Values of a multi-value property; CleverTap drops the oldest of a longer list in silence."""

    items: Positive = 256
    """Items of one Charged event; the web SDK warns from 50 on."""

    phone_digits: tuple[Positive, Positive] = (8, 15)
    """Digits of a phone number with its country code: eight in the web SDK, fifteen in E.164."""

    age: tuple[int, int] = (0, 130)
    """Ages believed; CleverTap publishes no range."""


LIMITS = Limits()
