"""From a mistake in a declaration to the file, the line and the words that mend it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

import dagster as dg
import yaml
from dagster.components.resolved.errors import ResolutionException
from pydantic import BaseModel, RootModel

from ct_assets.errors import UserError, closest
from ct_assets.mapping.problems import DeclarationError, Problem, unknown_key

T = TypeVar("T")
NAMES = ("defs.yaml", "component.yaml")
AROUND = ["type", "attributes", "template_vars_module", "requirements", "post_processing"]
OURS = "ct_assets.components."
COMPONENTS = ["ClevertapSync", "SourceTable"]


class Place(NamedTuple):
    """Where a declaration stands: a document of a YAML file, or a folder of Python code."""

    folder: Path
    file: Path | None = None
    document: int = 0

    def __str__(self) -> str:
        return _relative(self.file or self.folder)

    def told(self) -> dict[str, str | int | None]:
        file = str(self.file) if self.file else None
        return {"folder": str(self.folder), "file": file, "document": self.document}

    @staticmethod
    def of(told: Mapping[str, Any]) -> "Place":
        file = Path(told["file"]) if told["file"] else None
        return Place(Path(told["folder"]), file, told["document"])


@dataclass(frozen=True)
class Lines:
    """The nodes of one YAML document, to find the line of a path in it."""

    file: Path
    root: yaml.Node | None

    def at(self, path: Sequence[str | int]) -> str:
        """`file:line` of the deepest part of `path` that the document has."""
        node, line = self.root, 1
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            line, node = found
        return f"{_relative(self.file)}:{line}"

    def duplicates(self) -> Iterator[tuple[str, str]]:
        """`file:line` and name of every key that the document repeats."""
        for key, line in _repeated(self.root):
            yield f"{_relative(self.file)}:{line}", key


class InvalidDeclarationError(UserError):
    """Every mistake of one declaration, each with its place."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(mistakes))


class Raw(RootModel[dict[str, Any]]):
    """Attributes as they stand in the file: ours to check, so that the messages are ours too."""

    described_by: ClassVar[Callable[[], dict[str, Any]]]
    """The JSON schema that editors get."""

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's
        return cls.described_by()


def place(context: dg.ComponentLoadContext) -> Place:
    path = context.path
    if path.is_file():
        return Place(path.parent, path)
    file = next((path / name for name in NAMES if (path / name).exists()), None)
    instance = context.component_path.instance_key
    return Place(path, file, instance if isinstance(instance, int) else 0)


def checked(
    raw: BaseModel | None, context: dg.ComponentLoadContext, parse: Callable[[Mapping[str, Any]], T]
) -> T:
    """What `parse` makes of the attributes of a YAML document, `{{ env.X }}` and such filled in."""
    given = raw.model_dump() if raw else {}
    lines = _lines(place(context))
    mistakes = [f"{at}: {key!r} is written twice; keep one" for at, key in lines.duplicates()]
    try:
        attributes = context.resolution_context.resolve_value(given, as_type=dict)
    except ResolutionException as error:
        what = str(error).strip().splitlines()[-1]
        raise InvalidDeclarationError([f"{lines.at(('attributes',))}: {what}"]) from None
    mistakes += [_told(problem, lines) for problem in _unset(given, attributes)]
    try:
        parsed = parse(attributes)
    except DeclarationError as error:
        mistakes += [_told(problem, lines) for problem in error.problems]
        raise InvalidDeclarationError(mistakes) from None
    if mistakes:
        raise InvalidDeclarationError(mistakes)
    return parsed


def misplaced(defs: Path) -> Iterator[str]:
    """Mistakes around the attributes, which Dagster would tell without their line."""
    for file in sorted(file for name in NAMES for file in defs.rglob(name)):
        try:
            documents = _documents(file)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            yield f"{_relative(file)}:{line}: not readable as YAML: {error.problem}"
            continue
        if not documents:
            yield f"{_relative(file)}:1: declares nothing; remove the file or write `type: ...`"
        for lines in (Lines(file, document) for document in documents):
            yield from _around(lines, yaml.SafeLoader("").construct_document(lines.root))


def _around(lines: Lines, document: object) -> Iterator[str]:
    if not isinstance(document, dict) or "type" not in document:
        yield f"{lines.at(())}: `type` is missing. Write `type: {OURS}ClevertapSync`."
        return
    for key in document:
        if key not in AROUND:
            yield f"{lines.at((key,))}: {key}: {unknown_key(str(key), AROUND)}"
    kind = str(document["type"])
    if kind.startswith(OURS) and kind.removeprefix(OURS) not in COMPONENTS:
        hint = closest(kind.removeprefix(OURS), COMPONENTS)
        known = " and ".join(COMPONENTS)
        yield f"{lines.at(('type',))}: type: no {kind}{hint or '.'} There are {known}."
    if not isinstance(document.get("attributes", {}), dict):
        yield f"{lines.at(('attributes',))}: attributes: must be a mapping, `name: value` lines."


def told(at: Place, path: Sequence[str | int], message: str) -> str:
    """`file:line: path: message` for a mistake that only shows beside other declarations."""
    return _told(Problem(tuple(path), message), _lines(at))


def _unset(given: object, found: object, path: tuple[str | int, ...] = ()) -> Iterator[Problem]:
    """Templates that come to nothing, such as a variable that is not set."""
    if isinstance(given, dict) and isinstance(found, dict):
        for key in given:
            yield from _unset(given[key], found.get(key), (*path, key))
    elif isinstance(given, list) and isinstance(found, list):
        for position, (before, after) in enumerate(zip(given, found, strict=True)):
            yield from _unset(before, after, (*path, position))
    elif isinstance(given, str) and found is None:
        yield Problem(path, f"{given} is nothing; is the variable set?")


def _told(problem: Problem, lines: Lines) -> str:
    return f"{lines.at(('attributes', *problem.path))}: {problem}"


def _lines(at: Place) -> Lines:
    if at.file is None or at.file.suffix not in {".yaml", ".yml"}:
        return Lines(at.file or at.folder, None)
    return Lines(at.file, _documents(at.file)[at.document])


def _documents(file: Path) -> list[yaml.Node]:
    return [node for node in yaml.compose_all(file.read_text(), yaml.SafeLoader) if node]


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None


def _repeated(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield str(key.value), key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated(value)


def _relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
