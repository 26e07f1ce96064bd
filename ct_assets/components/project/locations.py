"""Tells mistakes in a declaration with their file, their line and the words that mend them."""

import contextlib
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

import click
import dagster as dg
from pydantic import BaseModel, RootModel

from ct_assets.components.project.template_values import Filler
from ct_assets.components.project.yaml_documents import (
    READ,
    Lines,
    UnreadableError,
    documents,
    relative,
)
from ct_assets.components.project.yaml_scalars import misread, with_dates
from ct_assets.errors import UserError, closest
from ct_assets.mapping.declaration.problems import (
    DeclarationError,
    Problem,
    SchemaError,
    unknown_key,
)

T = TypeVar("T")
AROUND = ["type", "attributes", "template_vars_module", "requirements", "post_processing"]
OURS = "ct_assets.components."
COMPONENTS = [f"{OURS}ClevertapSync", f"{OURS}SourceTable", f"{OURS}Connection"]
SHORT = [name.replace(OURS, "ct_assets.") for name in COMPONENTS]
"""The same by the names of the public API, which messages show."""


class Place(NamedTuple):
    """Where a declaration stands: a document of a YAML file, or a file of Python code."""

    folder: Path
    file: Path | None = None
    document: int = 0

    def __str__(self) -> str:
        return relative(self.file or self.folder)

    def to_json(self) -> dict[str, str | int | None]:
        file = str(self.file) if self.file else None
        return {"folder": str(self.folder), "file": file, "document": self.document}

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "Place":
        file = Path(stored["file"]) if stored["file"] else None
        return Place(Path(stored["folder"]), file, stored["document"])


class InvalidDeclarationError(UserError, click.ClickException):
    """Every mistake of one declaration, each with its place.

    A ClickException, so that commands of `dagster` print these words and no traceback.
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))


class RawAttributes(RootModel[dict[str, Any]]):
    """Takes attributes as they stand in the file; our own check words their mistakes."""

    json_schema: ClassVar[Callable[[], dict[str, Any]]]
    """Makes the JSON schema that editors get."""

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's
        return cls.json_schema()


def place_of(context: dg.ComponentLoadContext) -> Place:
    path = context.path
    if path.is_file():
        return Place(path.parent, path)
    file = next((path / name for name in READ if (path / name).exists()), None)
    instance = context.component_path.instance_key
    return Place(path, file, instance if isinstance(instance, int) else 0)


def parsed(
    raw: BaseModel | None, context: dg.ComponentLoadContext, parse: Callable[[Mapping[str, Any]], T]
) -> T:
    """Calls `parse` with the attributes of a YAML document, `{{ env.X }}` and such filled in.

    Raises:
        InvalidDeclarationError: With every mistake, of the YAML and of `parse`.
    """
    lines = _lines(place_of(context))
    mistakes = [f"{at}: {key!r} is written twice; keep one" for at, key in lines.duplicates()]
    filler = Filler(context.resolution_context.scope)
    attributes = filler.fill(raw.model_dump() if raw else {})
    mistakes += [
        _line_and_message(problem, lines) for problem in (*misread(lines), *filler.problems)
    ]
    if filler.problems:
        raise InvalidDeclarationError(mistakes)
    try:
        declared = parse(with_dates(attributes, lines))
    except DeclarationError as error:
        mistakes += [_line_and_message(problem, lines) for problem in error.problems]
        raise InvalidDeclarationError(mistakes) from None
    if mistakes:
        raise InvalidDeclarationError(mistakes)
    return declared


@contextlib.contextmanager
def errors_at(at: Place) -> Iterator[None]:
    """Adds the place of a declaration to an error that Dagster, or the source's rows, raise."""
    try:
        yield
    except dg.DagsterInvalidDefinitionError as error:  # which Dagster would print below its tree
        raise InvalidDeclarationError([message_at(at, (), str(error))]) from None
    except SchemaError as error:
        raise UserError(message_at(at, error.path, str(error))) from None


def mistakes_around_attributes(defs: Path) -> Iterator[str]:
    """Mistakes in the rest of each document, which Dagster would tell without their line."""
    for file in sorted(file for name in READ for file in defs.rglob(name)):
        try:
            parts = documents(file)
        except UnreadableError as error:
            yield str(error)
            continue
        if not parts:
            yield f"{relative(file)}:1: declares nothing; remove the file or write `type: ...`"
        for lines in parts:
            yield from _around(lines, lines.value())


def message_at(at: Place, path: Sequence[str | int], message: str) -> str:
    """`file:line: path: message` for a mistake that only shows once the declaration was read."""
    try:
        lines = _lines(at)
    except (OSError, UnreadableError, IndexError):  # edited since
        lines = Lines(at.file or at.folder, None)
    return _line_and_message(Problem(tuple(path), message), lines)


def component_of(document: object) -> str | None:
    """`ClevertapSync` and its like, if a document of a YAML file declares one of them."""
    kind = document.get("type") if isinstance(document, dict) else None
    return kind.rpartition(".")[2] if kind in (*COMPONENTS, *SHORT) else None


def _around(lines: Lines, document: object) -> Iterator[str]:
    if document is None:
        yield f"{lines.at(())}: declares nothing; remove the `---` above, or write `type: ...`"
        return
    if not isinstance(document, dict) or "type" not in document:
        yield f"{lines.at(())}: `type` is missing. Write `type: {SHORT[0]}`."
        return
    for key in document:
        if key not in AROUND:
            yield f"{lines.at((key,))}: {key}: {unknown_key(str(key), AROUND)}"
    if not _known(document["type"]):
        kind = str(document["type"] or "")
        hint = closest(f"ct_assets.{kind.rpartition('.')[2]}", SHORT) if kind else ""
        known = " and ".join([", ".join(SHORT[:-1]), SHORT[-1]])
        yield f"{lines.at(('type',))}: type: no component {kind!r}{hint or '.'} There are {known}."
    if not isinstance(document.get("attributes", {}), dict):
        yield f"{lines.at(('attributes',))}: attributes: must be a mapping, `name: value` lines."


def _known(kind: object) -> bool:
    if not isinstance(kind, str):
        return False
    module, _, name = kind.rpartition(".")
    if not module:
        return kind.startswith(".")  # one of the project's own, which Dagster finds
    try:
        return hasattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if f"{module}.".startswith(f"{error.name}."):
            return False
        raise


def _line_and_message(problem: Problem, lines: Lines) -> str:
    return f"{lines.at(('attributes', *problem.path))}: {problem}"


def _lines(at: Place) -> Lines:
    if at.file is None or at.file.suffix not in {".yaml", ".yml"}:
        return Lines(at.file or at.folder, None)
    return documents(at.file)[at.document]
