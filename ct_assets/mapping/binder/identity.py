"""Identity tells whom a row is about: the first identifier that it has, and others beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from ct_assets.clevertap.codes import RejectedCode
from ct_assets.clevertap.fields import FieldType
from ct_assets.mapping.convert import Converted
from ct_assets.mapping.reasons import Reason

TYPES = {
    "identity": FieldType.IDENTITY,
    "objectId": FieldType.OBJECT_ID,
    "FBID": FieldType.IDENTITY,
    "GPID": FieldType.IDENTITY,
    "email": FieldType.EMAIL,
    "phone": FieldType.PHONE,
}


@dataclass(frozen=True)
class BoundIdentifier:
    """One identifier of the declaration; `kind` is its name in CleverTap."""

    kind: str
    converted: Converted

    @property
    def present(self) -> pl.Expr:
        return self.converted.value.is_not_null() | self.converted.failed


@dataclass(frozen=True)
class Identity:
    identifiers: tuple[BoundIdentifier, ...]
    columns: tuple[str, ...]
    """Columns that they are read from, for messages."""

    @property
    def kind(self) -> pl.Expr:
        """Null where no identifier is present."""
        if len(self.identifiers) == 1:
            return pl.lit(self.identifiers[0].kind)
        return self._of_used([pl.lit(i.kind) for i in self.identifiers])

    @property
    def value(self) -> pl.Expr:
        """Null where the row has no identifier, or one that cannot be used."""
        if len(self.identifiers) == 1:
            return self.identifiers[0].converted.value
        return self._of_used([i.converted.value for i in self.identifiers])

    def others(self) -> list[tuple[BoundIdentifier, pl.Expr]]:
        """Further identifiers, each with its value where it is present beside the one in use."""
        further: list[tuple[BoundIdentifier, pl.Expr]] = []
        earlier = self.identifiers[0].present
        for identifier in self.identifiers[1:]:
            further.append((identifier, pl.when(earlier).then(identifier.converted.value)))
            earlier = earlier | identifier.present
        return further

    @property
    def also(self) -> pl.Expr:
        marked = [pl.format(f"{i.kind}:{{}}", value) for i, value in self.others()]
        return listed(marked, pl.String())

    def reasons(self) -> list[Reason]:
        missing = Reason(
            self.identifiers[0].kind,
            ~self._any_present,
            RejectedCode("identity_missing"),
            f"{_in_words(self.columns)} empty, so there is nobody to send this for: fill it in the "
            "source, or cut such rows with `where:`",
        )
        return [missing, *(self._unusable(place) for place in range(len(self.identifiers)))]

    def warnings(self) -> list[Reason]:
        reasons, earlier = list(self._doubts()), self.identifiers[0].present
        for identifier in self.identifiers[1:]:
            converted = identifier.converted
            failed = earlier & converted.failed
            reasons.append(Reason(identifier.kind, failed, converted.code, converted.message))
            earlier = earlier | identifier.present
        return reasons

    def _doubts(self) -> Iterator[Reason]:
        for identifier in self.identifiers:
            for doubt in identifier.converted.doubts:
                holds = doubt.holds.fill_null(value=False)
                yield Reason(identifier.kind, holds, doubt.code, doubt.message)

    @property
    def _any_present(self) -> pl.Expr:
        return pl.any_horizontal([i.present for i in self.identifiers])

    def _unusable(self, place: int) -> Reason:
        identifier = self.identifiers[place]
        failed = identifier.converted.failed
        for earlier in self.identifiers[:place]:
            failed = failed & ~earlier.present
        return Reason(
            identifier.kind, failed, identifier.converted.code, identifier.converted.message
        )

    def _of_used(self, choices: Sequence[pl.Expr]) -> pl.Expr:
        chosen = pl.lit(None, pl.String)
        for identifier, choice in reversed(list(zip(self.identifiers, choices, strict=True))):
            chosen = pl.when(identifier.present).then(choice).otherwise(chosen)
        return chosen


def listed(parts: Sequence[pl.Expr], inner: pl.DataType) -> pl.Expr:
    """The parts that are not null as a list; null where none is left."""
    if not parts:
        return pl.lit(None, pl.List(inner))
    present = pl.concat_list(parts).list.drop_nulls()
    return pl.when(present.list.len() > 0).then(present)


def _in_words(columns: Sequence[str]) -> str:
    return f"{columns[0]} is" if len(columns) == 1 else f"{', '.join(columns)} are all"
