"""Fields of CleverTap's own have names, types and allowed values."""

from enum import StrEnum
from typing import Literal


class FieldType(StrEnum):
    """Type of a field, as users write it in `type:`."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    LIST = "list"
    PHONE = "phone"
    EMAIL = "email"
    GENDER = "gender"
    YES_NO = "yes_no"
    EDUCATION = "education"
    AGE = "age"
    GROUPS = "groups"
    ITEMS = "items"
    TIMESTAMP = "timestamp"
    IDENTITY = "identity"
    OBJECT_ID = "object_id"
    EVENT_NAME = "event_name"
    PUSH_TOKEN = "push_token"  # noqa: S105 -- the word of a declaration
    PUSH_SERVICE = "push_service"
    SUBSCRIPTION = "subscription"


FieldTypeName = Literal[
    "string",
    "integer",
    "float",
    "boolean",
    "date",
    "list",
    "phone",
    "email",
    "gender",
    "yes_no",
    "education",
    "age",
    "groups",
    "items",
    "timestamp",
    "identity",
    "object_id",
    "event_name",
    "push_token",
    "push_service",
    "subscription",
]
"""The same for type checkers and editors."""


# developer.clevertap.com/docs/upload-user-profiles-api; the dnd flags of SMS and WhatsApp are on
# the page of the SFTP import, ct_is_test_user on docs.clevertap.com/docs/user-profiles.
PROFILE_FIELDS = {
    "Name": FieldType.STRING,
    "Email": FieldType.EMAIL,
    "Phone": FieldType.PHONE,
    "Gender": FieldType.GENDER,
    "Employed": FieldType.YES_NO,
    "Education": FieldType.EDUCATION,
    "Married": FieldType.YES_NO,
    "Age": FieldType.AGE,
    "DOB": FieldType.DATE,
    "Photo": FieldType.STRING,
    "Tz": FieldType.STRING,
    "Timezone": FieldType.STRING,
    "MSG-email": FieldType.BOOLEAN,
    "MSG-push": FieldType.BOOLEAN,
    "MSG-sms": FieldType.BOOLEAN,
    "MSG-whatsapp": FieldType.BOOLEAN,
    "MSG-dndPhone": FieldType.BOOLEAN,
    "MSG-dndEmail": FieldType.BOOLEAN,
    "MSG-dndSMS": FieldType.BOOLEAN,
    "MSG-dndWhatsApp": FieldType.BOOLEAN,
    "category-unsubscribe": FieldType.GROUPS,
    "category-resubscribe": FieldType.GROUPS,
    "ct_is_test_user": FieldType.BOOLEAN,
}

# docs.clevertap.com/docs/platform-considerations: the event of a purchase and its properties.
CHARGED = "Charged"
CHARGED_FIELDS = {"Amount": FieldType.FLOAT, "Currency": FieldType.STRING}
ITEMS = "Items"

# developer.clevertap.com/docs/upload-device-tokens-api: `token` and `type` are tokenData's id and
# type; the two keys are those of a browser's push subscription, for chrome alone.
TOKEN_FIELDS = {
    "token": FieldType.PUSH_TOKEN,
    "type": FieldType.PUSH_SERVICE,
    "p256dh": FieldType.PUSH_TOKEN,
    "auth": FieldType.PUSH_TOKEN,
}
# developer.clevertap.com/docs/subscribe-api
SUBSCRIPTION_FIELDS = {"status": FieldType.SUBSCRIPTION}
CLOSED_FIELDS = {"token": TOKEN_FIELDS, "subscription": SUBSCRIPTION_FIELDS}
"""Objects that have these fields and no others."""
REQUIRED_FIELDS = {"token": ("token", "type"), "subscription": ("status",)}

# Keys of profileData that name a person; they are given by `identify_by`, never as fields.
IDENTIFYING_FIELDS = ("Identity", "objectId", "FBID", "GPID")
# Listed as reserved by the SDKs; the upload API documents DOB for the same thing.
BIRTHDAY = "Birthday"

# Multi-value and nested values are refused for these by the web and iOS SDKs.
SCALAR_FIELDS = frozenset(
    {"Name", "Email", "Education", "Married", "DOB", "Gender", "Phone", "Age", "Employed"}
)

GENDERS = ("M", "F")
YES_NO = ("Y", "N")
EDUCATIONS = ("School", "College", "Graduate")
# The oldest pages and CleverTap's own samples name all six, the newest one apns, fcm and gcm.
PUSH_SERVICES = ("apns", "fcm", "gcm", "wns", "mpns", "chrome")
CHROME = "chrome"
UNSUBSCRIBE, RESUBSCRIBE = "Unsubscribe", "Resubscribe"
CHANNELS = ("email", "sms", "whatsapp", "push")
