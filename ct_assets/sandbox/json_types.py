"""Names the types of JSON values."""

from typing import Any

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
Record = dict[str, Any]
"""A JSON object whose values are not checked yet."""
