"""`bind` turns a declaration into expressions over the columns of its source."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import polars as pl

from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.binder.bound_field import BoundField
from ct_assets.mapping.binder.bound_sync import BoundSync
from ct_assets.mapping.binder.consents import BoundConsent, guarded
from ct_assets.mapping.binder.field_binder import FieldBinder
from ct_assets.mapping.binder.field_reader import PART, FieldReader
from ct_assets.mapping.binder.identity import TYPES, BoundIdentifier, Identity
from ct_assets.mapping.binder.wide_integers import NARROW
from ct_assets.mapping.convert import Converted
from ct_assets.mapping.convert.dtypes import in_calendar, is_whole, trimmed
from ct_assets.mapping.convert.text import DAMAGED
from ct_assets.mapping.declaration.field import Field
from ct_assets.mapping.declaration.problems import SchemaError, found_at
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.reasons import CodeText

_KEY_TYPES = (pl.String, pl.Categorical, pl.Enum, pl.Date, pl.Datetime, pl.Null)
# Added to rows of the source on their way, and to those that are rejected.
_OUR_COLUMNS = ("reasons", "__row", "__fate", "__copies")


def bind(
    sync: Sync, schema: pl.Schema, shapes: Mapping[str, pl.DataType] | None = None
) -> BoundSync:
    """Raises SchemaError when the source lacks a column or has one of an impossible type.

    `shapes` are those that `found_shapes` has found; a field of JSON without one has no values.
    """
    return _Binder(sync, schema, shapes or {}).bound()


class _Binder:
    def __init__(self, sync: Sync, schema: pl.Schema, shapes: Mapping[str, pl.DataType]) -> None:
        self._sync = sync
        self._schema = schema
        self._reader = FieldReader(sync.name, sync.source, schema)
        self._binder = FieldBinder(sync, self._reader, shapes)

    def bound(self) -> BoundSync:
        sync = self._sync
        consents = tuple(self._consents())
        flags = [flag for consent in consents for flag in consent.flags()]
        fields = (*(guarded(field, consents) for field in self._fields()), *flags)
        self._check_unique([field.name for field in fields])
        bound = BoundSync(
            sync=sync,
            schema=self._schema,
            where=self._where(),
            identity=self._identity(),
            fields=fields,
            ts=self._ts(),
            event=self._event(),
            event_key=self._event_key(),
            key_rewritten=self._key_rewritten(),
            order=self._order(),
            inputs=self._reader.inputs,
            widened=self._reader.widened,
            sql=tuple(self._reader.expressions),
            others=self._others(),
        )
        self._check_columns(bound)
        return bound

    def _where(self) -> pl.Expr | None:
        if self._sync.where is None:
            return None
        with found_at("where"):
            condition, dtype = self._reader.sql(self._sync.where, "where")
            if not isinstance(dtype, pl.Boolean):
                raise self._error(
                    f"where gives {dtype} and must be a condition, such as `age > 17`."
                )
        return condition

    def _identity(self) -> Identity:
        declared = self._sync.identify_by
        identifiers = []
        for place, identifier in enumerate(declared):
            kind = identifier.kind
            type_ = FieldType(identifier.type) if identifier.type else TYPES[kind]
            with found_at("identify_by", place, kind):
                converted = self._binder.converted(identifier, kind, type_)
                if identifier.template and type_ is FieldType.IDENTITY:
                    converted = _undamaged(converted, self._reader.rewritten(identifier, kind))
                identifiers.append(BoundIdentifier(kind, converted))
        columns = sorted({c for identifier in declared for c in identifier.columns()})
        return Identity(tuple(identifiers), tuple(columns))

    def _ts(self) -> Converted | None:
        if self._sync.ts is None:
            return None
        with found_at("ts"):
            return self._binder.converted(self._sync.ts, "ts", FieldType.TIMESTAMP)

    def _event(self) -> Converted | None:
        name = self._sync.event
        if name is None or self._sync.event_name is not None:
            return None
        with found_at("event"):
            return self._binder.converted(name, "event", FieldType.EVENT_NAME)

    def _event_key(self) -> pl.Expr | None:
        if self._sync.event_key is None:
            return None
        with found_at("event_key"):
            source, dtype = self._reader.read(self._sync.event_key, "event_key", f"{PART}event_key")
            if not (is_whole(dtype) or isinstance(dtype, _KEY_TYPES)):
                raise self._error(
                    f"event_key is of type {dtype}. Make it text, a whole number or a date."
                )
        return trimmed(in_calendar(source, dtype).cast(pl.String), pl.String())

    def _key_rewritten(self) -> pl.Expr | None:
        key = self._sync.event_key
        if key is None:
            return None
        with found_at("event_key"):
            return self._reader.rewritten(key, "event_key")

    def _order(self) -> pl.Expr | None:
        column = self._sync.duplicates.keep_latest_by
        if column is None:
            return pl.lit(0) if self._sync.object == "segment" else None
        with found_at("duplicates", "keep_latest_by"):
            dtype = self._reader.dtype(column, "duplicates")
            if dtype.is_float():
                return pl.col(column).fill_nan(None)
            if isinstance(dtype, pl.Date | pl.Datetime):
                return pl.col(column).to_physical()  # DuckDB knows fewer years
            if isinstance(dtype, pl.Int128 | pl.UInt128):  # bytes, to whoever reads the file next
                return pl.col(column).cast(pl.Decimal(38, 0), strict=False)
            if dtype.is_numeric() or isinstance(dtype, pl.String | pl.Null):
                return pl.col(column)
            raise self._error(
                f"rows cannot be told apart by {column!r}, of type {dtype}. Name a column of "
                "dates, numbers or text in `keep_latest_by`."
            )

    def _fields(self) -> Iterator[BoundField]:
        for name, field in self._sync.fields.items():
            with found_at("fields", name):
                yield from self._binder.fields(name, field)
        others = self._others()
        self._check_others(others)
        for column in others:
            with found_at("other_columns"):
                yield from self._binder.fields(column, Field(column=column))

    def _consents(self) -> Iterator[BoundConsent]:
        for place, consent in enumerate(self._sync.consent):
            with found_at("consent", place, "column"):
                filling = Field(column=consent.column)
                converted = self._binder.converted(
                    filling, f"consent{place or ''}", FieldType.BOOLEAN
                )
                yield BoundConsent(consent, converted)

    def _check_columns(self, bound: BoundSync) -> None:
        ours = {*_OUR_COLUMNS, *bound.inputs, *(NARROW + name for name in bound.widened)}
        ours |= {name for converted in bound.conversions for name, _ in converted.steps}
        for column in sorted(ours & set(self._schema)):
            raise self._error(
                f"the source has a column named {column!r}, a name that is needed here. Rename it "
                "in the source."
            )

    def _check_unique(self, names: list[str]) -> None:
        seen: dict[str, str] = {}
        pairs = []
        for name in names:
            if name.lower() in seen:
                pairs.append((seen[name.lower()], name))
            seen.setdefault(name.lower(), name)
        if pairs:
            alike = "; ".join(f"{first!r} and {name!r}" for first, name in pairs)
            raise self._error(
                f"the fields {alike} would be one. Map one of them under another name, or leave it "
                "out."
            )

    def _others(self) -> tuple[str, ...]:
        if self._sync.other_columns is None:
            return ()
        with found_at("other_columns", "except"):
            excluded = self._reader.excluded(self._sync.other_columns.except_)
        taken = self._sync.columns() | set(self._sync.fields) | excluded
        return tuple(column for column in self._schema if column not in taken)

    def _check_others(self, columns: Sequence[str]) -> None:
        """Names that cannot be those of fields, all at once."""
        problems = {column: self._binder.problem_of(column) for column in columns}
        wrong = [f"{column!r}: {problem}" for column, problem in problems.items() if problem]
        if wrong:
            them = "it" if len(wrong) == 1 else "each"
            with found_at("other_columns"):
                raise self._error(
                    f"other_columns takes in {' '.join(wrong)} Map {them} under another name in "
                    "`fields`, or list it under `except`."
                )

    def _error(self, message: str) -> SchemaError:
        return SchemaError(f"Sync {self._sync.name}: {message}")


def _undamaged(converted: Converted, rewritten: pl.Expr) -> Converted:
    """An identity of a template, of which no column has a number that was kept as a float."""
    code, message = DAMAGED
    return replace(
        converted,
        value=pl.when(~rewritten).then(converted.value),
        failed=converted.failed | rewritten,
        code=CodeText(pl.when(rewritten).then(pl.lit(code)).otherwise(converted.code)),
        message=pl.when(rewritten).then(pl.lit(message)).otherwise(converted.message),
    )
