"""FieldReader turns a filling into a polars expression over the columns of the source."""

from collections.abc import Sequence
from typing import NamedTuple, cast

import polars as pl

from ct_assets.errors import closest
from ct_assets.mapping.binder.wide_integers import wide
from ct_assets.mapping.convert.dtypes import BLANKS, in_calendar, text
from ct_assets.mapping.convert.text import REWRITTEN_WHOLE
from ct_assets.mapping.declaration import template
from ct_assets.mapping.declaration.filling import Filling, Region
from ct_assets.mapping.declaration.problems import AbsentColumnError, SchemaError
from ct_assets.mapping.declaration.row_sql import ACROSS_ROWS, clash
from ct_assets.mapping.json_texts import json_decoder, json_shape

# Prefix of columns that are computed of the source.
INPUT = "__in:"
# Prefix of slots of identifiers, ts and the like; a field may be called ts, but none has a dot.
PART = "."
_SHOWN = 8


class SourceValue(NamedTuple):
    source: pl.Expr
    dtype: pl.DataType


class FieldReader:
    """Reads fillings of one sync from a source with these columns.

    Raises SchemaError, with the name of the sync, where the columns do not fit.
    """

    def __init__(self, sync: str, source: str, schema: pl.Schema) -> None:
        self._where = f"Sync {sync}"
        self._source = source
        self._schema = schema
        self._wide = pl.Schema({name: wide(dtype) for name, dtype in schema.items()})
        self.inputs: dict[str, pl.Expr] = {}
        """Columns to be added to the source, so that each is computed once per row."""
        self.widened: dict[str, pl.DataType] = {}
        """Types that columns have while `inputs` and the condition of `where` are computed."""
        self.expressions: list[pl.Expr] = []
        """Those that the declaration writes as SQL."""

    def read(self, filling: Filling, wanted_by: str, slot: str = "") -> SourceValue:
        """`slot` names the columns that it computes; left out: `wanted_by`."""
        slot = slot or wanted_by
        if filling.column is not None:
            return SourceValue(pl.col(filling.column), self.dtype(filling.column, wanted_by))
        if filling.template is not None:
            return self._input(slot, self._template(filling.template, wanted_by))
        if filling.expr is not None:
            return self._input(slot, self.sql(filling.expr, wanted_by))
        try:
            constant = pl.lit(pl.Series([filling.value])).first()
        except (OverflowError, pl.exceptions.PolarsError):
            raise SchemaError(
                f"{self._where}: {wanted_by} is a number of too many digits."
            ) from None
        return SourceValue(constant, self._typed(constant, wanted_by))

    def rewritten(self, filling: Filling, wanted_by: str) -> pl.Expr:
        """Whether a column or template has a whole number that was kept as a float, such as 7.0.

        Raises SchemaError where a template has a column of floats, which writes all of them so.
        """
        columns = [filling.column] if filling.column else []
        if filling.template:
            columns = sorted(template.columns(filling.template))
        found = [pl.lit(value=False)]
        for column in columns:
            dtype = self.dtype(column, wanted_by)
            if dtype.is_float():
                raise SchemaError(
                    f"{self._where}: {wanted_by} has the column {column!r} of type {dtype}, which "
                    "writes 7 as 7.0, so that who or what was sent before would be sent anew. Make "
                    "it a whole number or text in the source, or write it with `expr:`."
                )
            if isinstance(dtype, pl.String):
                found.append(pl.col(column).str.strip_chars(BLANKS).str.contains(REWRITTEN_WHOLE))
        return pl.any_horizontal(found).fill_null(value=False)

    def json(
        self, read: SourceValue, wanted_by: str, shape: object, found: pl.DataType | None
    ) -> tuple[SourceValue, pl.Expr | None]:
        """The value of text that is JSON, and whether it cannot be read; others as they are."""
        if read.dtype.is_nested() or isinstance(read.dtype, pl.Null):
            return read, None
        if not isinstance(read.dtype, pl.String):
            raise SchemaError(
                f"{self._where}: {wanted_by} is given a column of type {read.dtype}, and `json:` "
                "is for text. Leave it out, or make it text in the source."
            )
        declared = None if shape is True else cast("json_shape.Shape", shape)
        dtype = json_decoder.dtype_of(declared) if declared is not None else found or pl.Null()
        text = self.inputs.pop(INPUT + wanted_by, read.source)
        decoded = json_decoder.decoded(text, dtype, declared)
        parts = self._input(wanted_by, SourceValue(decoded, dtype)).source.struct
        return SourceValue(parts.field(json_decoder.VALUE), dtype), parts.field(json_decoder.BAD)

    def _input(self, slot: str, read: SourceValue) -> SourceValue:
        name = INPUT + slot
        self.inputs[name] = read.source
        return SourceValue(pl.col(name), read.dtype)

    def sql(self, text: str, wanted_by: str) -> SourceValue:
        expression = pl.sql_expr(text)
        for column in sorted(set(expression.meta.root_names())):
            if column not in self._schema:
                text = f" A text is written in single quotes: '{column}'."
                raise self._absent(column, wanted_by, text)
            if self.dtype(column, wanted_by) != self._wide[column]:
                self.widened[column] = self._wide[column]
        dtype = self._typed(expression, wanted_by)
        rows = pl.DataFrame(schema=self._wide).clear(2)
        try:
            height = rows.select(expression.alias("value")).height
        except pl.exceptions.PolarsError as error:
            raise self._cannot(expression, wanted_by, error) from None
        if height != rows.height:
            raise SchemaError(f"{self._where}: {wanted_by} is one value for all. {ACROSS_ROWS}")
        self.expressions.append(expression)
        return SourceValue(expression, dtype)

    def region(self, region: Region | None, wanted_by: str) -> str | pl.Expr | None:
        if region is None or region.value is not None:
            return region.value if region else None
        column = str(region.column)
        dtype = self.dtype(column, f"region of {wanted_by}")
        if not isinstance(dtype, pl.String | pl.Categorical | pl.Enum | pl.Null):
            raise SchemaError(
                f"{self._where}: the region of {wanted_by} is read from {column!r}, a column of "
                f"type {dtype}. It must have ISO codes or English names of countries."
            )
        return pl.col(column).cast(pl.String)

    def dtype(self, column: str, wanted_by: str) -> pl.DataType:
        if column not in self._schema:
            raise self._absent(column, wanted_by)
        return self._schema[column]

    def _absent(self, column: str, wanted_by: str, advice: str = "") -> SchemaError:
        there = list(self._schema)
        hint = closest(column, there) or ("." if advice else f"; it has {_listed(there)}.")
        advice = f"{hint}{advice} Mend the declaration, or bring the column back."
        return AbsentColumnError(f"{self._where}: {self._source}", column, wanted_by, advice)

    def excluded(self, columns: Sequence[str]) -> set[str]:
        """Columns that a declaration leaves out; an unknown name is a mistake."""
        for column in columns:
            self.dtype(column, "except")
        return set(columns)

    def _template(self, text: str, wanted_by: str) -> SourceValue:
        pieces = {}
        for column in sorted(template.columns(text)):
            dtype = self.dtype(column, wanted_by)
            if dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Object | pl.Duration):
                raise SchemaError(
                    f"{self._where}: the template of {wanted_by} has the column {column!r} of type "
                    f"{dtype}, which is no text. Make it text in the source, or use `expr:`."
                )
            pieces[column] = _as_text(pl.col(column), dtype)
        return SourceValue(template.expression(text, pieces), pl.String())

    def _typed(self, expression: pl.Expr, wanted_by: str) -> pl.DataType:
        try:
            frame = pl.LazyFrame(schema=self._wide).select(expression.alias("value"))
            return frame.collect_schema()["value"]
        except pl.exceptions.PolarsError as error:
            raise self._cannot(expression, wanted_by, error) from None

    def _cannot(
        self, expression: pl.Expr, wanted_by: str, error: pl.exceptions.PolarsError
    ) -> SchemaError:
        why = str(error).splitlines()[0]
        types = {name: self._schema[name] for name in expression.meta.root_names()}
        if words := clash(why, types):
            return SchemaError(f"{self._where}: {wanted_by} {words}.")
        return SchemaError(f"{self._where}: {wanted_by} cannot be computed: {why}.")


def _listed(columns: Sequence[str]) -> str:
    """Names in words, as many as are read at a glance."""
    *names, last = [repr(name) for name in columns[:_SHOWN]] or ["no columns"]
    if len(columns) > _SHOWN:
        return f"{', '.join([*names, last])} and {len(columns) - _SHOWN} more"
    return f"{', '.join(names)} and {last}" if names else last


def _as_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Gives null for values without a text that anybody would send: NaN, years of five digits."""
    if isinstance(dtype, pl.Date | pl.Datetime):
        return in_calendar(column, dtype).dt.to_string("iso:strict")
    if dtype.is_float():
        column = pl.when(column.is_finite()).then(column)
    return text(column, dtype)
