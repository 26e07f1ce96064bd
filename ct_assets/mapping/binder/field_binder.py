"""FieldBinder binds one field of a declaration to the columns of a source."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.binder.bound_field import BoundField
from ct_assets.mapping.binder.field_reader import PART, FieldReader, SourceValue
from ct_assets.mapping.convert import (
    Converted,
    Target,
    TypeMismatchError,
    as_json,
    convert,
    field_type,
    flatten,
    problems_of_name,
)
from ct_assets.mapping.convert.dtypes import is_whole
from ct_assets.mapping.convert.hidden_values import hashed, redacted
from ct_assets.mapping.convert.value_map import Translated, Translation, translated
from ct_assets.mapping.declaration.field import LIST_OPERATORS, NUMBER_OPERATORS, Field
from ct_assets.mapping.declaration.filling import Filling
from ct_assets.mapping.declaration.problems import SchemaError
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.json_texts.json_decoder import unread
from ct_assets.mapping.reasons import Reason

_UNMAPPED = (
    RejectedCode("value_unmapped"),
    "no value that the field's `map` names: add it there, or say with `otherwise:` what to send",
)


class FieldBinder:
    """Raises SchemaError, with the name of the sync, where the columns do not fit."""

    def __init__(self, sync: Sync, reader: FieldReader, shapes: Mapping[str, pl.DataType]) -> None:
        self._sync = sync
        self._shapes = shapes
        self._reader = reader

    def problem_of(self, name: str) -> str | None:
        return problems_of_name(self._sync.record, name, limits=self._sync.limits)

    def fields(self, name: str, field: Field) -> Iterator[BoundField]:
        read, bad = self._reader.read(field, name), None
        if field.json_ is not False:
            read, bad = self._reader.json(read, name, field.json_, self._shapes.get(name))
        for part, value in self._parts(name, field, read):
            bound = self._bound_field(part, field, value)
            yield bound if bad is None else _unread(bound, bad)

    def _parts(
        self, name: str, field: Field, read: SourceValue
    ) -> Iterator[tuple[str, SourceValue]]:
        if field.nested == "reject":
            yield name, read
        elif field.nested == "json":
            yield name, self._as_json(read, name)
        else:
            for flat in flatten(read.source, read.dtype, name):
                self._check_name(flat.field, f"{name} is flattened to")
                yield flat.field, SourceValue(flat.source, flat.dtype)

    def _as_json(self, read: SourceValue, name: str) -> SourceValue:
        if not read.dtype.is_nested():
            return read
        try:
            return SourceValue(as_json(read.source, read.dtype, Target(name)), pl.String())
        except TypeMismatchError as error:
            raise self._error(str(error)) from None

    def _check_name(self, name: str, origin: str) -> None:
        if problem := self.problem_of(name):
            raise self._error(f"{origin} {name!r}: {problem} Map it under another name.")

    def _bound_field(self, name: str, field: Field, read: SourceValue) -> BoundField:
        own = field_type(self._sync.record, name, self._sync.event_name)
        type_ = field.type or own or _type_of_operator(field, read)
        if (field.hash or field.redact) and type_ is None:
            type_ = FieldType.STRING
        columns = frozenset(field.columns())
        if field.translation is None:
            converted = self._convert(field, name, type_, read)
            return BoundField(
                name, field, columns, _hidden(converted, field), _cleared(field, converted)
            )
        by = self._translated(name, read, field.translation)
        converted = self._convert(field, name, type_, SourceValue(by.source, by.dtype))
        converted = replace(converted, steps=(*by.steps, *converted.steps))
        cleared = _cleared(field, converted)
        return BoundField(
            name,
            field,
            columns,
            _hidden(converted, field),
            cleared=None if cleared is None else cleared & ~by.absent,
            **{f"{field.on_unmapped}s": (Reason(name, by.absent, *_UNMAPPED),)},
        )

    def _translated(self, name: str, read: SourceValue, by: Translation) -> Translated:
        try:
            return translated(read.source, read.dtype, by, Target(name))
        except TypeMismatchError as error:
            raise self._error(str(error)) from None

    def converted(self, filling: Filling, name: str, type_: FieldType) -> Converted:
        """Gives a value and a verdict that are columns, because several expressions read them."""
        slot = PART + name
        read = self._reader.read(filling, name, slot)
        converted = self._convert(filling, name, type_, read, slot)
        columns = {f"__{slot}:value": converted.value, f"__{slot}:failed": converted.failed}
        value, failed = map(pl.col, columns)
        steps = (*converted.steps, *columns.items())
        return replace(converted, value=value, failed=failed, steps=steps)

    def _convert(
        self,
        filling: Filling,
        name: str,
        type_: FieldType | None,
        read: SourceValue,
        slot: str = "",
    ) -> Converted:
        target = Target(
            field=name,
            slot=slot,
            type=type_,
            object=self._sync.record,
            timezone=filling.timezone,
            unit=filling.unit,
            formats=filling.formats,
            region=self._reader.region(filling.region, name),
            accept=filling.accept,
            limits=self._sync.limits,
            junk=self._sync.junk,
            doubled_code=filling.doubled_code,
            international=filling.international if isinstance(filling, Field) else True,
            separator=filling.separator if isinstance(filling, Field) else None,
        )
        try:
            return convert(read.source, read.dtype, target)
        except TypeMismatchError as error:
            raise self._error(str(error)) from None

    def _error(self, message: str) -> SchemaError:
        return SchemaError(f"Sync {self._sync.name}: {message}")


def _unread(bound: BoundField, bad: pl.Expr) -> BoundField:
    cleared = None if bound.cleared is None else bound.cleared & ~bad
    return replace(bound, converted=unread(bound.converted, bad), cleared=cleared)


def _hidden(converted: Converted, field: Field) -> Converted:
    if field.hash:
        return hashed(converted, field.hash, field.normalise)
    if field.redact:
        return redacted(converted, field.redact.first, field.redact.last)
    return converted


def _cleared(field: Field, converted: Converted) -> pl.Expr | None:
    """Whether a row without a value has the field removed."""
    nothing = converted.value.is_null() & ~converted.failed
    return nothing if field.on_null == "clear" else None


def _type_of_operator(field: Field, read: SourceValue) -> FieldType | None:
    if field.op in LIST_OPERATORS:
        return FieldType.LIST
    if field.op in NUMBER_OPERATORS:
        return FieldType.INTEGER if is_whole(read.dtype) else FieldType.FLOAT
    return None
