"""Names the types of JSON values, and reads JSON objects."""

from typing import Any

import orjson

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
Record = dict[str, Any]
"""A JSON object whose values are not checked yet."""


def read_object(body: bytes) -> Record | None:
    """The JSON object that `body` is; None if it is anything else."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
