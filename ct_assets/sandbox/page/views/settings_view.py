"""Shows the sandbox's settings with their texts, and which of them were changed."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.page.visit import Visit
from ct_assets.sandbox.sandbox_settings import (
    RecordSettings,
    RequestSettings,
    Settings,
    StorageSettings,
)

_PARTS: dict[str, type[BaseModel]] = {
    "Requests": RequestSettings,
    "Records": RecordSettings,
    "What is kept": StorageSettings,
}
_SECRET = ("passcode",)


class SettingLine(NamedTuple):
    name: str
    value: str
    usual: str
    text: str

    @property
    def changed(self) -> bool:
        return self.value != self.usual


def settings(visit: Visit) -> Response:
    values = visit.sandbox.settings.model_dump(mode="json")
    usual = Settings().model_dump(mode="json")
    parts = {title: list(_lines(part, values, usual)) for title, part in _PARTS.items()}
    lines = [line for part in parts.values() for line in part]
    return visit.html(
        "settings.html", parts_of=parts, changed=[line for line in lines if line.changed]
    )


def _lines(
    part: type[BaseModel], values: Mapping[str, Json], usual: Mapping[str, Json], prefix: str = ""
) -> Iterator[SettingLine]:
    described = part.model_json_schema()["properties"]
    for name, field in part.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _lines(inner, values[name], usual[name], f"{prefix}{name}.")  # type: ignore[arg-type]  # of a model
        else:
            hidden = name in _SECRET and values[name] != usual[name]
            value = "hidden" if hidden else _shown(values[name])
            text = " ".join(described[name].get("description", "").split())
            yield SettingLine(prefix + name, value, _shown(usual[name]), text)


def _shown(value: Json) -> str:
    """As it stands in settings.json, but for the marks around texts."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(sorted(map(str, value))) or "none"
    if value is None or isinstance(value, str):
        return value or "none"
    return orjson.dumps(value).decode()
