"""Records are written as exact JSON text, by polars, without a Python object per row.

Nulls are left out at every depth: what CleverTap makes of one is not documented.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import polars as pl

from ct_assets.clevertap.fields import CHROME

# RFC 8259: only these must be escaped inside a string; all else is sent as it is, in UTF-8.
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    **{chr(code): f"\\u{code:04x}" for code in range(32)},
}


class Member(NamedTuple):
    """One key of an object and its value, finite where it is a number.

    A Decimal is written as a float with all its digits.
    """

    name: str
    value: pl.Expr
    dtype: pl.DataType
    operator: str | None = None
    """Such as `$add`: the value is given inside an object of this one key."""
    plain: bool = False
    """Whether it is text that has nothing to escape."""


def profile(head: Sequence[Member], data: Sequence[Member]) -> pl.Expr:
    return _record("profile", head, "profileData", data)


def event(head: Sequence[Member], data: Sequence[Member]) -> pl.Expr:
    return _record("event", head, "evtData", data)


def token(object_id: pl.Expr, data: Mapping[str, pl.Expr]) -> pl.Expr:
    """`data` by the names of `TOKEN_FIELDS`; a browser's keys go with a token of chrome alone."""
    text = pl.String()
    inner = [Member("id", data["token"], text), Member("type", data["type"], text)]
    keys = [Member(name, data[name], text) for name in ("p256dh", "auth") if name in data]
    if keys:
        shown = _text('"keys":{', _members(keys), "}")
        inner_text = _joined([*map(_member, inner), pl.when(data["type"] == CHROME).then(shown)])
    else:
        inner_text = _members(inner)
    head = _member(Member("objectId", object_id, text))
    return _text('{"type":"token",', head, ',"tokenData":{', inner_text, "}}")


def subscription(kind: pl.Expr, value: pl.Expr, status: pl.Expr) -> pl.Expr:
    members = {"type": kind, "value": value, "status": status}
    named = [Member(name, each, pl.String()) for name, each in members.items()]
    return _text("{", _members(named), "}")


LIST_HEADER = "Type,Identity"
_LIST_KINDS = {"identity": "i", "objectId": "g"}


def member(kind: pl.Expr, identity: pl.Expr) -> pl.Expr:
    """The line of a member in the CSV file of a custom list (docs: custom-list-segments)."""
    quoted = _text('"', identity.str.replace_all('"', '""', literal=True), '"')
    value = pl.when(identity.str.contains('[,"\r\n]')).then(quoted).otherwise(identity)
    return _text(kind.replace_strict(_LIST_KINDS, return_dtype=pl.String), ",", value)


def _record(
    type_: Literal["profile", "event"],
    head: Sequence[Member],
    data_name: Literal["profileData", "evtData"],
    data: Sequence[Member],
) -> pl.Expr:
    # Few and flat, since each text of a text is written anew: a comma goes with what may be null.
    parts = [
        pl.lit(f'{{"type":"{type_}"'),
        *(_text(",", *_parts(m)) for m in head),
        pl.lit(f',"{data_name}":{{'),
        _members(data),
        pl.lit("}}"),
    ]
    return pl.concat_str(parts, ignore_nulls=True)


def encoded(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """JSON text of a value; null where it is null."""
    return _text(*_written(value, dtype))


def _written(value: pl.Expr, dtype: pl.DataType, *, plain: bool = False) -> list[str | pl.Expr]:
    """The parts of the JSON text of a value, one behind the other."""
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        text = value.cast(pl.String)
        if not plain:
            text = text.str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
        return ['"', text, '"']
    if isinstance(dtype, pl.List):
        element = encoded(pl.element(), _data_type(dtype.inner))
        return ["[", value.list.eval(element).list.join(",", ignore_nulls=True), "]"]
    if isinstance(dtype, pl.Struct):
        fields = [
            Member(f.name, value.struct.field(f.name), _data_type(f.dtype)) for f in dtype.fields
        ]
        return [pl.when(value.is_not_null()).then(_text("{", _members(fields), "}"))]
    return [_digits(value, dtype) if isinstance(dtype, pl.Decimal) else value.cast(pl.String)]


def _digits(value: pl.Expr, dtype: pl.Decimal) -> pl.Expr:
    """Every digit, and a point even in whole numbers: CleverTap tells floats from integers by it.

    Zeros at the end are left out, so that a column which gains digits sends nothing anew.
    """
    text = value.cast(pl.String)
    if not dtype.scale:
        return text + ".0"
    short = text.str.strip_chars_end("0")
    return pl.when(short.str.ends_with(".")).then(short + "0").otherwise(short)


def _members(members: Sequence[Member]) -> pl.Expr:
    return _joined([_member(m) for m in members]) if members else pl.lit("")


def _member(member: Member) -> pl.Expr:
    return _text(*_parts(member))


def _parts(member: Member) -> list[str | pl.Expr]:
    name = json.dumps(member.name, ensure_ascii=False)
    value = _written(member.value, member.dtype, plain=member.plain)
    if member.operator:
        return [f'{name}:{{"{member.operator}":', *value, "}"]
    return [f"{name}:", *value]


def _text(*parts: str | pl.Expr) -> pl.Expr:
    """Null where one of them is."""
    whole: list[str | pl.Expr] = []
    for part in parts:
        if isinstance(part, str) and whole and isinstance(whole[-1], str):
            whole[-1] += part
        else:
            whole.append(part)
    return pl.concat_str([pl.lit(part) if isinstance(part, str) else part for part in whole])


def _joined(parts: Sequence[pl.Expr]) -> pl.Expr:
    return pl.concat_str(parts, separator=",", ignore_nulls=True)


def _data_type(dtype: object) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else pl.Null()
