"""A BoundSync holds all that is computed of each row of a source."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from ct_assets.mapping.binder.bound_field import BoundField
from ct_assets.mapping.binder.field_reader import INPUT, PART
from ct_assets.mapping.binder.identity import Identity
from ct_assets.mapping.binder.wide_integers import widened
from ct_assets.mapping.convert import Converted, prepare
from ct_assets.mapping.declaration.problems import Path
from ct_assets.mapping.declaration.sync import Sync


@dataclass(frozen=True)
class BoundSync:
    """Expressions over the columns of the source and those that `prepared` adds."""

    sync: Sync
    schema: pl.Schema
    where: pl.Expr | None
    identity: Identity
    fields: tuple[BoundField, ...]
    ts: Converted | None
    event: Converted | None
    event_key: pl.Expr | None
    key_rewritten: pl.Expr | None
    """Whether the event key has a whole number that was kept as a float."""
    order: pl.Expr | None
    """Of `keep_latest_by`: the greatest is the latest. A segment keeps any of equal rows."""
    inputs: Mapping[str, pl.Expr]
    """Columns that the expressions above want added to the source first."""
    widened: Mapping[str, pl.DataType]
    """The types that columns have while `where` and `inputs` are computed."""
    sql: tuple[pl.Expr, ...]
    """All that the declaration writes as SQL, with the time of this moment in it."""
    others: tuple[str, ...]
    """Columns that `other_columns` took in."""

    @property
    def order_type(self) -> pl.DataType:
        column = self.sync.duplicates.keep_latest_by
        return self.schema[column] if column else pl.Int32()

    @property
    def conversions(self) -> list[Converted]:
        single = [c for c in (self.ts, self.event) if c]
        return [*self.identifying, *single, *(f.converted for f in self.fields)]

    @property
    def identifying(self) -> list[Converted]:
        return [i.converted for i in self.identity.identifiers]

    def prepared(self, source: pl.LazyFrame, conversions: Iterable[Converted]) -> pl.LazyFrame:
        """`source` with the columns that `conversions` read; polars drops those nobody does."""
        return prepare(self._with(source, self.inputs), conversions)

    def _with(self, source: pl.LazyFrame, inputs: Mapping[str, pl.Expr]) -> pl.LazyFrame:
        return widened(source, self.widened, lambda frame: frame.with_columns(**inputs))

    def kept(self, source: pl.LazyFrame) -> pl.LazyFrame:
        """The rows of `source` that `where` does not cut."""
        where = self.where
        if where is None:
            return source
        return widened(source, self.widened, lambda frame: frame.filter(where))

    def apart(self, source: pl.LazyFrame) -> Iterator[tuple[Path, str, pl.LazyFrame]]:
        """Each SQL expression of the declaration by itself, to see which of them fails on the rows.

        Gives its place in the declaration, its name in messages, and the frame that computes it.
        """
        kept = self.kept(source)
        if self.where is not None:
            yield ("where",), "`where:`", kept.select(pl.len())
        for name, filling in self.inputs.items():
            values = self._with(kept, {name: filling}).select(pl.col(name).null_count())
            slot = name.removeprefix(INPUT)
            yield self._place(slot), f"`expr:` of {slot.removeprefix(PART)}", values

    def _place(self, slot: str) -> Path:
        part = slot.removeprefix(PART)
        if part == slot:
            return "fields", slot
        kinds: list[str] = [identifier.kind for identifier in self.sync.identify_by]
        return ("identify_by", kinds.index(part), part) if part in kinds else (part,)

    def lineage(self) -> dict[str, set[str]]:
        """Columns of the source by the field of CleverTap that they end up in."""
        lineage = self.sync.lineage()
        for field in self.fields:
            lineage[field.name] = lineage.get(field.name, set()) | field.columns
        return lineage
