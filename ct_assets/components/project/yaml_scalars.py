"""Finds plain scalars of YAML that become something else than their authors see.

Dagster reads YAML 1.1, where 010 is 8 and 12:30:00 is 45000, and leaves dates as text.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import yaml

from ct_assets.components.project.yaml_documents import Lines
from ct_assets.mapping.declaration.problems import Path, Problem

_OCTAL_OR_SIXTIES = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?)")
_BOOLEANS = "tag:yaml.org,2002:bool"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


def misread(lines: Lines) -> Iterator[Problem]:
    """Finds numbers that look like a text or a time."""
    for path, node in _scalars(lines.root, ()):
        if path[:1] == ("attributes",) and _is_misread(node):
            number = yaml.SafeLoader("").construct_document(node)
            message = (
                f"YAML reads {node.value} as {number}: put it into quotes if that is not meant."
            )
            yield Problem(path[1:], message)
    yield from _misread_keys(lines.root, ())


def _misread_keys(node: yaml.Node | None, path: Path) -> Iterator[Problem]:
    """Finds yes, no, on and off as keys of a `map`, where a text is meant."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        at = (*path, str(key.value))
        is_word = key.tag == _BOOLEANS and key.value.lower() not in ("true", "false")
        if is_word and path[-1:] == ("map",):
            message = f"YAML reads the key {key.value} as true or false: put it into quotes."
            yield Problem(path[1:], message)
        yield from _misread_keys(value, at)


def with_dates(attributes: Mapping[str, Any], lines: Lines) -> Mapping[str, Any]:
    """Makes dates of constants that are dates in YAML, which Dagster reads as text."""
    document, fields = lines.value(), attributes.get("fields")
    if not (isinstance(document, Mapping) and isinstance(fields, Mapping)):
        return attributes
    written = document["attributes"]["fields"]
    if not isinstance(written, Mapping):
        return attributes
    return {**attributes, "fields": {n: _with_date(f, written.get(n)) for n, f in fields.items()}}


def _with_date(field: object, written: object) -> object:
    if not (isinstance(field, Mapping) and isinstance(written, Mapping)):
        return field
    value = written.get("value")
    return {**field, "value": value} if isinstance(value, date) else field


def _is_misread(node: yaml.ScalarNode) -> bool:
    return node.tag in _NUMBERS and _OCTAL_OR_SIXTIES.fullmatch(node.value) is not None


def _scalars(node: yaml.Node | None, path: Path) -> Iterator[tuple[Path, yaml.ScalarNode]]:
    if isinstance(node, yaml.ScalarNode):
        yield path, node
    elif isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            yield from _scalars(item, (*path, place))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(value, (*path, str(key.value)))
