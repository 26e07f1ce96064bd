"""A BoundField holds all that is computed of each row for one field."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from ct_assets.mapping.convert import Converted
from ct_assets.mapping.declaration.field import Field
from ct_assets.mapping.reasons import Reason


@dataclass(frozen=True)
class BoundField:
    name: str
    declared: Field
    columns: frozenset[str]
    converted: Converted
    cleared: pl.Expr | None = None
    """Whether it is removed in CleverTap; None: never."""
    rejects: tuple[Reason, ...] = ()
    """Why rows are rejected for it, besides what the conversion says."""
    drops: tuple[Reason, ...] = ()
    """Why it is left out of rows, besides what the conversion says."""

    @property
    def rejecting(self) -> Iterator[Reason]:
        if self.declared.on_invalid == "reject":
            yield self._unconverted
        yield from self.rejects

    @property
    def dropping(self) -> Iterator[Reason]:
        if self.declared.on_invalid == "drop":
            yield self._unconverted
        yield from self.drops

    @property
    def _unconverted(self) -> Reason:
        converted = self.converted
        return Reason(self.name, converted.failed, converted.code, converted.message)
