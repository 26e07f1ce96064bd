"""Every code of a record, with the text that goes before "Skipped record number : N".

Those marked `seen` were captured from CleverTap, down to their missing spaces and doubled dots; of
the others CleverTap publishes the code alone.
"""

NAMELESS = 509, "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. "  # seen
STRUCTURE = 512, "Event data is incorrect. ErrorCode: 512 - Event structure is invalid. "
RESTRICTED = (  # seen
    513,
    "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. ",
)
GENDER = 514, "Profile data is incorrect. Gender needs to be M/F."
EMAIL = 515, "Profile data is incorrect. Email is not valid."  # seen
BAD_PHONE = 516, "Profile data is incorrect. Phone number is not valid."  # seen
EMPLOYED = 517, "Profile data is incorrect. Employed needs to be Y/N."  # seen
EDUCATION = (  # seen
    518,
    "Profile data is incorrect. Education needs to be School/College/Graduate..",
)
MARRIED = 519, "Profile data is incorrect. Married needs to be Y/N."  # seen
AGE = 520, "Profile data is incorrect. Age is invalid."  # seen
SURPLUS = 522, "Event data is incorrect. ErrorCode: 522 - Event properties limit exceeded. "
NOBODY = 523, "Record is incorrect. ErrorCode: 523 - Identity is missing or invalid. "
KIND = 524, "Record is incorrect. ErrorCode: 524 - Record is neither event nor profile. "
CHANNEL = (
    524,
    "Record is incorrect. ErrorCode: 524 - Type is not a channel that can be changed. ",
)
STATUS = (
    524,
    "Record is incorrect. ErrorCode: 524 - Status needs to be Unsubscribe or Resubscribe. ",
)
TIME = 525, "Timestamp should be present in the Unix Epoch format. "  # seen
OBJECT_ID = 526, "Record is incorrect. ErrorCode: 526 - objectId is invalid. "
DISCARDED = (
    528,
    "Event Name is incorrect. ErrorCode: 528 - Trying to raise a discarded event. ",
)
TOKEN_OBJECT_ID = 530, "Device token is incorrect. ErrorCode: 530 - objectId is invalid. "
TOKEN_DATA = 531, "Device token is incorrect. ErrorCode: 531 - Token data is invalid. "
TOKEN_ID = 532, "Device token is incorrect. ErrorCode: 532 - Token id is missing. "
TOKEN_TYPE = 533, "Device token is incorrect. ErrorCode: 533 - Token type is missing. "
TOKEN_PLATFORM = (
    534,
    "Device token is incorrect. ErrorCode: 534 - Token type does not fit the platform of objectId."
    " ",
)
TOKEN_INVALID = 535, "Device token is incorrect. ErrorCode: 535 - Token is invalid. "


def nested(field: str) -> tuple[int, str]:
    """Of a property that is a list or an object; seen by users of RudderStack."""
    text = "Only Items can have a nested structure, incorrect nested structure for field : "
    return 512, f"Event data is incorrect. 512 - {text}{field}."
