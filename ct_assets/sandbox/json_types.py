"""What JSON can hold."""

from typing import Any

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
Record = dict[str, Any]
"""An object whose values are still to be judged."""
