"""Lists the codes and texts of CleverTap's refusals.

A text marked `seen` was captured from CleverTap, down to its missing spaces and doubled dots; the
others are published as codes without a text, and their wording here follows the captured ones.
"""

from typing import NamedTuple


class RefusalText(NamedTuple):
    code: int
    text: str

    def at(self, number: int) -> str:
        return f"{self.text}Skipped record number : {number}"


def _profile(code: int, cause: str) -> RefusalText:
    return RefusalText(code, f"Profile data is incorrect. {cause}.")


def _event(code: int, title: str, cause: str) -> RefusalText:
    return RefusalText(code, f"{title} ErrorCode: {code} - {cause}. ")


_NAME = "Event Name is incorrect."
_DATA = "Event data is incorrect."
_RECORD = "Record is incorrect."
_TOKEN = "Device token is incorrect."  # noqa: S105 - a message

NAME_MISSING = _event(509, _NAME, "Event name is mandatory")  # seen
STRUCTURE = _event(512, _DATA, "Event structure is invalid")
_NESTED = "512 - Only Items can have a nested structure, incorrect nested structure for field : "
RESTRICTED = _event(513, _NAME, "Trying to raise a restricted system event")  # seen
TOO_MANY_PROPERTIES = _event(522, _DATA, "Event properties limit exceeded")
DISCARDED = _event(528, _NAME, "Trying to raise a discarded event")


def nested(field: str) -> RefusalText:
    """Of a property that is a list or an object; seen by users of RudderStack."""
    return RefusalText(STRUCTURE.code, f"{_DATA} {_NESTED}{field}.")


GENDER = _profile(514, "Gender needs to be M/F")
EMAIL = _profile(515, "Email is not valid")  # seen
PHONE = _profile(516, "Phone number is not valid")  # seen
EMPLOYED = _profile(517, "Employed needs to be Y/N")  # seen
EDUCATION = _profile(518, "Education needs to be School/College/Graduate.")  # seen
MARRIED = _profile(519, "Married needs to be Y/N")  # seen
AGE = _profile(520, "Age is invalid")  # seen

IDENTITY = _event(523, _RECORD, "Identity is missing or invalid")
CHANNEL = _event(524, _RECORD, "Type is not a channel that can be changed")
STATUS = _event(524, _RECORD, "Status needs to be Unsubscribe or Resubscribe")
TYPE = _event(524, _RECORD, "Record is neither event nor profile")
TIMESTAMP = RefusalText(525, "Timestamp should be present in the Unix Epoch format. ")  # seen
OBJECT_ID = _event(526, _RECORD, "objectId is invalid")

SERVER_ERROR = _event(555, "Record was not processed.", "Miscellaneous server error")

TOKEN_OBJECT_ID = _event(530, _TOKEN, "objectId is invalid")
TOKEN_DATA = _event(531, _TOKEN, "Token data is invalid")
TOKEN_ID_MISSING = _event(532, _TOKEN, "Token id is missing")
TOKEN_TYPE_MISSING = _event(533, _TOKEN, "Token type is missing")
TOKEN_PLATFORM = _event(534, _TOKEN, "Token type does not fit the platform of objectId")
TOKEN_INVALID = _event(535, _TOKEN, "Token is invalid")
