"""Reads the YAML files of a project with the lines of every part.

Dagster's `yaml_utils` gives positions, too, but drops repeated keys and how numbers are written,
which both are mistakes to be told.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

READ = ("defs.yaml", "defs.yml", "component.yaml")
"""Of each folder Dagster reads the first of these that there is."""


class Advice(NamedTuple):
    """A fix for a problem that PyYAML words so."""

    problem: str
    advice: str
    where_opened: bool = False
    """Whether the mistake stands where PyYAML began to read, and not where it gave up."""


_ADVICE = (
    Advice(r"found character '\t'", "indent with spaces, not with tabs"),
    Advice("found character", "put a text that begins with it into quotes"),
    Advice(
        "mapping values are not allowed",
        "mend the indentation here or one line above, or put a text with a colon into quotes",
    ),
    Advice("expected alphabetic or numeric", "put a text that begins with * or & into quotes"),
    Advice("found undefined alias", "put a text that begins with * into quotes"),
    Advice("could not determine a constructor", "put a text that begins with ! into quotes"),
    Advice("found unhashable key", "put a text with {{ }} into quotes"),
    Advice("found unknown escape", "put a text with backslashes into single quotes"),
    Advice("found unexpected end of stream", "close the quote", where_opened=True),
    Advice("expected ',' or", "close the bracket, or quote a text that has one", where_opened=True),
    Advice("could not find expected ':'", "write `name: value`", where_opened=True),
    Advice("expected <block end>", "mend the indentation, or put the whole text into quotes"),
    Advice("expected '<document start>'", "mend the indentation"),
)


@dataclass(frozen=True)
class Lines:
    """The nodes of one YAML document, to find the line of a path in it."""

    file: Path
    root: yaml.Node | None

    def at(self, path: Sequence[str | int]) -> str:
        """`file:line` of the deepest part of `path` that the document has."""
        if self.root is None:
            return relative(self.file)
        node, line = self.root, self.root.start_mark.line + 1
        for part in path:
            child = _child(node, part)
            if child is None:
                break
            line, node = child
        return f"{relative(self.file)}:{line}"

    def duplicates(self) -> Iterator[tuple[str, str]]:
        """`file:line` and name of every key that the document repeats."""
        for key, line in _repeated(self.root):
            yield f"{relative(self.file)}:{line}", key

    def value(self) -> object:
        """The document as Python values."""
        return _built(self.root) if self.root else None


class UnreadableError(Exception):
    """A file that is no YAML; its text is `file:line: what is wrong; what to do`."""


def documents(file: Path) -> tuple[Lines, ...]:
    """Reads every document of `file`.

    Raises:
        UnreadableError: It is no YAML.
    """
    state = file.stat()
    return _documents(file, state.st_mtime_ns, state.st_size)


def documents_known(file: Path) -> tuple[Lines, ...]:
    """The same; none of a file that is no YAML, which whoever loads it is told."""
    try:
        return documents(file)
    except UnreadableError:
        return ()


@functools.lru_cache(maxsize=1000)
def _documents(file: Path, *_: int) -> tuple[Lines, ...]:
    """Reads a file once for each of its states: every declaration in it asks for all of it."""
    try:
        text = file.read_text("utf-8")
        nodes = _composed(text)
        for node in nodes:
            _built(node)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"{relative(file)}:{line}: is not UTF-8; save it as UTF-8") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"a character that YAML forbids ({error.character:#x}); take it out"
        raise UnreadableError(f"{relative(file)}:{line}: has {problem}") from None
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(_unreadable(file, error)) from None
    return tuple(Lines(file, node) for node in nodes)


def _composed(text: str) -> list[yaml.Node]:
    """Parses with libyaml, for its speed; in Python again for errors as `_ADVICE` knows them."""
    try:
        return list(yaml.compose_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError:
        return list(yaml.compose_all(text, yaml.SafeLoader))


def relative(path: Path) -> str:
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _unreadable(file: Path, error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem)
    known = next((a for a in _ADVICE if problem.startswith(a.problem)), None)
    opened = error.context_mark if known and known.where_opened else None
    mark = opened or error.problem_mark
    line = mark.line + 1 if mark else 1
    advice = f"; {known.advice}" if known else ""
    return f"{relative(file)}:{line}: not readable as YAML: {problem}{advice}"


def _child(node: yaml.Node, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if _built(key) == part:
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


def _built(node: yaml.Node) -> object:
    return yaml.SafeLoader("").construct_document(node)
