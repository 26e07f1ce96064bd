"""Names, owners and tags are checked by the rules of Dagster's catalog; no record has them."""

import re
from typing import Annotated

from pydantic import AfterValidator

from ct_assets.mapping.declaration.problems import mistake

STAGES = ("valid", "rejected", "clevertap", "undelivered")
"""The assets of a sync, each called `<sync>/<stage>`."""
LOG = "log"
"""One more, of syncs with `log`."""


def _plain(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise mistake(f"{name!r} may have letters, digits and _ only, beginning with a letter.")
    return name


def _asset(key: str) -> str:
    if not re.fullmatch(r"[^\s/]+(/[^\s/]+)*", key):
        raise mistake(f"{key!r} is no asset. Write its key, such as chinook/customer.")
    return key


def _owners(owners: tuple[str, ...]) -> tuple[str, ...]:
    for owner in owners:
        if not re.fullmatch(r"team:[\w-]+|[^@\s]+@[^@\s]+\.[^@\s]+", owner):
            raise mistake(f"{owner!r} must be an e-mail address or team:NAME.")
    return owners


def _tags(tags: dict[str, str]) -> dict[str, str]:
    for key, value in tags.items():
        if not re.fullmatch(r"([\w.-]{1,63}/)?[\w.-]{1,63}", key, re.ASCII):
            raise mistake(f"{key!r} may have letters, digits, _, - and . only.")
        if not re.fullmatch(r"[\w.-]{0,63}", value, re.ASCII):
            raise mistake(f"{value!r} of {key!r} may have letters, digits, _, - and . only.")
    return tags


Name = Annotated[str, AfterValidator(_plain)]
Asset = Annotated[str, AfterValidator(_asset)]
Owners = Annotated[tuple[str, ...], AfterValidator(_owners)]
Tags = Annotated[dict[str, str], AfterValidator(_tags)]
