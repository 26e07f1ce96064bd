"""Problems name what is wrong in a declaration, where, and how its author can mend it."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pydantic_core import ErrorDetails, PydanticCustomError

from ct_assets.errors import UserError, closest

Path = tuple[str | int, ...]


class Problem(NamedTuple):
    path: Path
    """Where in the declaration, such as ("fields", "Phone", "region")."""
    message: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.message}" if self.path else self.message


class DeclarationError(UserError):
    """Mistakes in a declaration, all of them."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"The declaration of {name} cannot be used:\n{lines}")


class SchemaError(UserError):
    """A declaration does not fit the columns of its source, or the values in them."""

    def __init__(self, message: str, path: Path = ()) -> None:
        """`path` is the place in the declaration, if that is known."""
        super().__init__(message)
        self.path = path


class AbsentColumnError(SchemaError):
    """A declaration wants a column that the source does not have."""

    def __init__(self, before: str, column: str, wanted_by: str, advice: str) -> None:
        """`before` says who wants it, and of which source."""
        super().__init__(f"{before} has no column {column!r}, which {wanted_by} wants{advice}")
        self.column = column
        self._left_out = f"{before} has a column {column!r}, which {wanted_by} wants, and it is"

    def because(self, why: str) -> SchemaError:
        """The error of a column that is there and cannot be read."""
        return SchemaError(f"{self._left_out} left out: {why}", self.path)


@contextlib.contextmanager
def knowing(left_out: Mapping[str, str]) -> Iterator[None]:
    """Tells a column that is absent because it cannot be read from others; each with its reason."""
    try:
        yield
    except AbsentColumnError as error:
        if error.column not in left_out:
            raise
        raise error.because(left_out[error.column]) from None


@contextlib.contextmanager
def found_at(*path: str | int) -> Iterator[None]:
    """Gives a SchemaError its place in the declaration, unless it has one."""
    try:
        yield
    except SchemaError as error:
        error.path = error.path or path
        raise


def mistake(message: str) -> PydanticCustomError:
    """An error that a validator raises; braces in `message` are kept as they are."""
    return PydanticCustomError("mistake", "{text}", {"text": message})


def dotted(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def problem_of(error: ErrorDetails, raw: Mapping[str, object], hints: Mapping[str, str]) -> Problem:
    """`hints` says of a setting what to write; looked up by the last name in the path."""
    path, absent = _path_in(raw, error["loc"])
    if error["type"] == "missing":
        wanted = str(error["loc"][-1])
        hint = hints.get(wanted, f"Write `{wanted}: ...`.")
        return Problem(path, f"`{wanted}` is missing. {hint}")
    message = _message(error, hints.get(str(path[-1]) if path else "", ""))
    return Problem((*path, *absent) if error["type"] == "extra_forbidden" else path, message)


def unknown_key(key: str, known: Sequence[str]) -> str:
    return f"unknown setting{near(key, known)} Known here: {', '.join(known)}."


def near(name: str, known: Iterable[str]) -> str:
    """End of a sentence about an unknown `name`: the closest one that is known."""
    return closest(name, list(known)) or "."


def shown(value: object) -> str:
    """A value of the declaration as its author knows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, str | int | float):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    return "a list" if isinstance(value, Sequence) else repr(value)


def _message(error: ErrorDetails, hint: str) -> str:
    kind, given, ctx = error["type"], error["input"], error.get("ctx", {})
    if kind == "mistake":
        return str(ctx["text"])
    if kind in _EXPECTED:
        text = f"must be {_EXPECTED[kind]}, not {shown(given)}."
        hint = hint or _likely(_EXPECTED[kind], given)
    elif kind in ("literal_error", "enum"):
        options = str(ctx["expected"]).replace(" or ", ", ").replace("'", "")
        end = near(given, options.split(", ")) if isinstance(given, str) else "."
        text = f"must be one of {options}, not {shown(given)}{end}"
    elif kind in _BOUNDS:
        text = f"must be {_BOUNDS[kind]} {next(iter(ctx.values())):g}, not {shown(given)}."
    elif kind == "too_short":
        text = "is empty."
    else:
        text = f"{error['msg']}."
    return f"{text} {hint}".rstrip()


def _likely(expected: str, given: object) -> str:
    """Advice where YAML may have read the value as something else than its author meant."""
    if isinstance(given, bool) and expected in ("text", "a mapping"):
        return "YAML reads yes, no, on and off so: put them into quotes."
    if expected == "text" and isinstance(given, Mapping):
        return "Put a text with braces into quotes."
    if expected == "text" and isinstance(given, int | float):
        return "Put it into quotes."
    if expected == "a list" and isinstance(given, str):
        return f"Write `[{given}]`."
    if expected == "a mapping" and given is None:
        return "Indent the lines below that belong to it."
    return ""


def _path_in(raw: object, loc: Sequence[str | int]) -> tuple[Path, Path]:
    """The part of `loc` that the author wrote, and the rest."""
    path: list[str | int] = []
    for place, part in enumerate(loc):
        if part == "[key]":
            continue
        if (isinstance(raw, Mapping) and part in raw) or _is_place_in(raw, part):
            raw = raw[part]  # type: ignore[index]  # checked, which mypy cannot follow
        elif isinstance(raw, Mapping) and len(raw) == 1 and place > 0 and loc[0] == "identify_by":
            kind = next(iter(raw))
            inner, rest = _path_in(raw[kind], loc[place:])
            return (*path, kind, *inner), rest
        else:
            return tuple(path), tuple(loc[place:])
        path.append(part)
    return tuple(path), ()


def _is_place_in(raw: object, part: str | int) -> bool:
    return isinstance(raw, list | tuple) and isinstance(part, int) and part < len(raw)


_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "date_type": "a day such as 2024-01-31",
    "date_parsing": "a day such as 2024-01-31",
    "date_from_datetime_parsing": "a day such as 2024-01-31",
    "date_from_datetime_inexact": "a day such as 2024-01-31",
}
_BOUNDS = {
    "greater_than": "greater than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}
