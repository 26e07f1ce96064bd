"""ConnectionSpec is the declaration of a connection: which database, and how it is read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from ct_assets.documented_model import DocumentedModel
from ct_assets.errors import closest
from ct_assets.mapping.declaration.problems import (
    DeclarationError,
    Problem,
    problem_of,
    unknown_key,
)

HINTS = {"name": "Write `name: shop`, the name that sources give as their `connection`."}


class ConnectionSpec(DocumentedModel):
    """A database that sources read by its name. Its URL is looked at when a source is read."""

    name: str
    """Sources write it as their `connection`."""
    url: str | None = Field(None, repr=False)
    """Such as `"{{ env.SHOP_URL }}"`, with postgresql://user:password@host/database in SHOP_URL."""
    resource: str | None = None
    """The key of a resource of this project in place of `url`, such as a SnowflakeResource."""
    time_zone: str = "UTC"
    """Of the session: what the database's functions of dates and times go by."""
    timeout_minutes: float | None = Field(None, gt=0)
    """How long the server works on one query before it ends it; left out: as the server says."""
    fetch_mb: int = Field(16, ge=1, le=1024)
    """Megabytes of rows that are fetched at once."""

    def problems(self) -> Iterator[Problem]:
        """Mistakes in the value of a setting, or between settings."""
        if not re.fullmatch(r"[A-Za-z_]\w*", self.name, re.ASCII):
            yield Problem(("name",), f"{self.name!r} is no name. Write letters, digits and _.")
        if self.url is None and self.resource is None:
            yield Problem((), "says not which database. Write `url` or `resource`.")
        if self.url is not None and self.resource is not None:
            yield Problem(("resource",), "is given beside url. Keep one of them.")
        if self.url is not None and not self.url.strip():
            yield Problem(("url",), 'is empty. Write it as `"{{ env.SHOP_URL }}"`.')
        if self.time_zone not in (known := available_timezones()):
            hint = closest(self.time_zone, sorted(known)) or ". Write one such as Asia/Kolkata"
            yield Problem(("time_zone",), f"{self.time_zone!r} is no time zone{hint}.")


def parse(raw: Mapping[str, Any]) -> ConnectionSpec:
    """The declaration `raw`.

    Raises:
        DeclarationError: It has mistakes; all of them are told, and none quotes the URL.
    """
    name = f"connection {raw.get('name', '')}".strip()
    try:
        spec = ConnectionSpec.model_validate(raw)
    except ValidationError as error:
        raise DeclarationError(name, [_problem(e, raw) for e in error.errors()]) from None
    if problems := list(spec.problems()):
        raise DeclarationError(name, problems)
    return spec


def _problem(error: ErrorDetails, raw: Mapping[str, object]) -> Problem:
    path = error["loc"]
    if error["type"] == "extra_forbidden":
        return Problem(path, unknown_key(str(path[-1]), list(ConnectionSpec.model_fields)))
    if path == ("url",):
        return Problem(path, 'must be text. Write it as `"{{ env.SHOP_URL }}"`.')
    return problem_of(error, raw, HINTS)
