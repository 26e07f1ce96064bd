"""`parse` makes a `Sync` of the mapping in a YAML document, or names all its mistakes at once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ct_assets.clevertap.contract import LIMITS, Limits
from ct_assets.mapping.convert import problems_of_name
from ct_assets.mapping.convert.names import Fielded
from ct_assets.mapping.declaration.declared_tests import RowsTest
from ct_assets.mapping.declaration.field import Field, Identifier, Moment
from ct_assets.mapping.declaration.filling import Filling, Region
from ct_assets.mapping.declaration.problems import (
    DeclarationError,
    Path,
    Problem,
    problem_of,
    unknown_key,
)
from ct_assets.mapping.declaration.rules.consistency import problems_between
from ct_assets.mapping.declaration.rules.constant_fields import problems_of_constants
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.declaration.sync_parts import (
    Duplicates,
    OnChange,
    OtherColumns,
    Partition,
    Segment,
    Trigger,
    Verify,
)
from ct_assets.mapping.declaration.value_settings import Consent, Redaction


def parse(raw: Mapping[str, object], also: Iterable[Problem] = ()) -> Sync:
    """The sync that `raw` declares; `also` are mistakes that the caller found in it.

    Raises:
        DeclarationError: Names every mistake at once.
    """
    problems: list[Problem] = []
    sync = None
    try:
        sync = Sync.model_validate(raw)
    except ValidationError as error:
        details = [
            e for e in error.errors(include_url=False) if not _has_problem_of_its_own(e, raw)
        ]
        problems += [_with_known_keys(problem_of(e, raw, _HINTS), e["type"]) for e in details]
    problems += [*_names(raw, sync.limits if sync else LIMITS), *problems_between(raw), *also]
    if sync is not None and not problems:
        problems += problems_of_constants(sync)
    if sync is None or problems:
        name = raw.get("name")
        distinct = list(dict.fromkeys(problems))
        raise DeclarationError(str(name) if name else "a sync without a name", distinct)
    return sync


def _has_problem_of_its_own(error: ErrorDetails, raw: Mapping[str, object]) -> bool:
    if error["type"] == "too_short":
        return bool(raw.get("identify_by"))
    return error["loc"][0] == "fields" and "[key]" in error["loc"]


def _names(raw: Mapping[str, object], limits: Limits) -> Iterator[Problem]:
    kind, fields = raw.get("object"), raw.get("fields")
    if kind == "event":
        yield from _event_name(raw.get("event"), limits)
    if kind in get_args(Fielded) and isinstance(fields, Mapping):
        yield from _field_names(cast("Fielded", kind), fields, limits)


def _event_name(event: object, limits: Limits) -> Iterator[Problem]:
    name = event.get("value") if isinstance(event, Mapping) else event
    if isinstance(name, str) and (text := problems_of_name("event_name", name, limits=limits)):
        yield Problem(("event",), text)


def _field_names(
    kind: Fielded, fields: Mapping[str | int, object], limits: Limits
) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name in fields:
        if not isinstance(name, str):
            yield Problem(("fields", name), "must be text: put the name of the field into quotes.")
            continue
        if text := problems_of_name(kind, name, limits=limits):
            yield Problem(("fields", name), text)
        if (first := seen.setdefault(name.lower(), name)) != name:
            yield Problem(
                ("fields", name),
                f"differs from {first!r} only in upper and lower case; CleverTap would show two "
                "properties. Keep one.",
            )


def _with_known_keys(problem: Problem, kind: str) -> Problem:
    if kind != "extra_forbidden":
        return problem
    known = _settings(_model_at(problem.path))
    return Problem(problem.path, unknown_key(str(problem.path[-1]), known))


def _settings(model: type[BaseModel]) -> list[str]:
    hidden = {"kind"}
    return [f.alias or name for name, f in model.model_fields.items() if name not in hidden]


def _model_at(path: Path) -> type[BaseModel]:
    """The model whose keys are allowed where the last part of `path` stands."""
    if "region" in path[1:-1]:
        return Region
    if "redact" in path[1:-1]:
        return Redaction
    if "on_change" in path[1:-1]:
        return OnChange
    return _MODELS.get(str(path[0]), Sync) if len(path) > 1 else Sync


_MODELS: dict[str, type[BaseModel]] = {
    "fields": Field,
    "identify_by": Identifier,
    "ts": Moment,
    "event": Filling,
    "event_key": Filling,
    "trigger": Trigger,
    "duplicates": Duplicates,
    "partition": Partition,
    "other_columns": OtherColumns,
    "limits": Limits,
    "consent": Consent,
    "segment": Segment,
    "verify": Verify,
    "tests": RowsTest,
}

_HINTS = {
    "name": "Write `name: customers`, once for each sync: its assets and its state are named so.",
    "object": "Write `object: profile` for people, `object: event` for what they did, "
    "`object: segment` for a list of people, `object: token` for push tokens of devices, or "
    "`object: subscription` for who may be written to.",
    "source": "Write the asset that has the rows, such as `source: chinook/customer`.",
    "identify_by": "Write which column names the person, such as "
    "`identify_by: [{identity: CustomerId}]`.",
    "segment": "Write `segment: {name: Jazz buyers, creator: ct_assets, email: "
    "admin@example.com}`.",
    "fields": "Write `fields: {Email: email_column}`.",
    "by": "Write the column with the day of the event, such as `by: InvoiceDate`.",
    "every": "Write `every: day` or `every: month`.",
    "given": "Write a row of the source, such as `given: {id: 1, mail: ann@example.org}`.",
    "expect": "Write what becomes of it, such as `expect: {Email: ann@example.org}`.",
    "start": "Write the first day, such as `start: 2021-01-01`.",
}
