"""Verdicts on a slice of a column: the automaton where it can tell, phonenumbers for the rest."""

import numpy as np
import numpy.typing as npt
import polars as pl

from ct_assets.phone import result, slow
from ct_assets.phone.automaton import decisions, digit_columns
from ct_assets.phone.automaton.decisions import Decided
from ct_assets.phone.automaton.lookup import Digits, Lookup, UInts
from ct_assets.phone.column_verdicts import Verdicts
from ct_assets.phone.compiler.numbering import MAX_DIGITS
from ct_assets.phone.regions import ABSENT, UNKNOWN, Regions, Rows
from ct_assets.phone.result import SLOW

_NOT_A_NUMBER = result.unparsable("not_a_number")
_NO_CODE = result.unparsable("invalid_country_code")
_NO_REGION = {
    ABSENT: result.unparsable("no_region"),
    UNKNOWN: result.unparsable("unknown_region"),
}


def judge(lookup: Lookup, phones: pl.Series, regions: Regions) -> Verdicts:
    """The verdict on each row; longer columns are better cut into slices."""
    progress = _Progress(lookup, phones, regions)
    progress.settle(None, phones)
    for cleaned in (digit_columns.without_separators, digit_columns.without_decoration):
        rows = progress.open_rows()
        if len(rows):
            progress.settle(rows, cleaned(phones.gather(rows)))
    progress.settle_hopeless()
    progress.settle_slowly()
    return progress.verdicts()


def is_e164(lookup: Lookup, phones: pl.Series) -> npt.NDArray[np.bool_]:
    """Whether each text is a valid number in E.164 form already."""
    digits, plus, readable = digit_columns.read(phones)
    rows = np.flatnonzero(readable & plus)
    leaves = lookup.international(digits.take(rows))
    is_valid = np.zeros(len(phones), np.bool_)
    is_valid[rows] = lookup.unedited.take(leaves)
    beyond = np.flatnonzero(plus & (digits.lengths > MAX_DIGITS))
    beyond = beyond[digit_columns.long_number(phones.gather(beyond))]
    unsure = np.concatenate([rows[lookup.unsure.take(leaves)], beyond])
    if len(unsure):
        is_valid[unsure] = slow.is_e164(phones.gather(unsure))
    return is_valid


class _Progress:
    """The verdicts on one slice so far; a row is open while its outcome is SLOW."""

    def __init__(self, lookup: Lookup, phones: pl.Series, regions: Regions) -> None:
        rows = len(phones)
        self._lookup = lookup
        self._phones = phones
        self._regions = regions
        self._outcome = np.full(rows, SLOW, np.uint16)
        self._outcome[phones.is_null().to_numpy()] = result.NULL
        self._as_is = np.zeros(rows, np.bool_)
        self._national_digits = np.zeros(rows, np.uint8)
        self._rewritten: list[tuple[Rows, pl.Series]] = []

    def open_rows(self) -> Rows:
        """The rows without a verdict."""
        return np.flatnonzero(self._outcome == SLOW)

    def settle(self, rows: Rows | None, text: pl.Series) -> None:
        """Judge the rows whose text is nothing but digits, and maybe a plus.

        With `rows`, the text is not that of all rows as it is, but that of some after cleaning.
        """
        digits, plus, readable = digit_columns.read(text)
        chosen = np.flatnonzero(readable & plus)
        if len(chosen):
            self._settle_plus(rows, chosen, digits.take(chosen))
        chosen = np.flatnonzero(readable & ~plus)
        if len(chosen):
            self._settle_dialled(_of(rows, chosen), digits.take(chosen))

    def settle_hopeless(self) -> None:
        """Judge the rows that no region and no reading could make a number of."""
        rows = self.open_rows()
        if len(rows):
            hopeless = digit_columns.hopeless(self._phones.gather(rows))
            self._outcome[rows[hopeless]] = _NOT_A_NUMBER

    def settle_slowly(self) -> None:
        """Let phonenumbers judge what is left."""
        rows = self.open_rows()
        if len(rows):
            verdicts = slow.judge(self._phones.gather(rows), self._regions.at(rows))
            self._outcome[rows], self._as_is[rows] = verdicts.outcome, verdicts.as_is
            self._national_digits[rows] = verdicts.national_digits
            self._rewritten.append((rows, verdicts.e164))

    def verdicts(self) -> Verdicts:
        """The verdicts, once all rows are settled."""
        return Verdicts(self._outcome, self._e164(), self._as_is, self._national_digits)

    def _e164(self) -> pl.Series:
        """The text of valid rows as it was or rewritten, null for the others."""
        null = pl.Series([None], dtype=pl.String)
        if not self._rewritten:
            return self._phones.zip_with(pl.Series(self._as_is), null)
        rows, texts = zip(*self._rewritten, strict=True)
        pool: pl.Series = pl.concat([self._phones, null, *texts]).rechunk()
        own = np.uint32(len(self._phones))
        places = np.where(self._as_is, np.arange(own, dtype=np.uint32), own)
        places[np.concatenate(rows)] = np.arange(own + 1, len(pool))
        return pool.gather(places)

    def _settle_plus(self, rows: Rows | None, chosen: Rows, digits: Digits) -> None:
        """Judge digits behind a plus."""
        decided = decisions.international(self._lookup, digits)
        whole = _of(rows, chosen)
        self._note(whole, decided)
        if rows is None:
            self._as_is[whole] = decided.unedited
        else:
            same = np.flatnonzero(decided.unedited)
            self._rewrite(whole.take(same), digits.values.take(same))
        # With a region, a plus before no calling code may be overlooked: phonenumbers knows.
        codeless = whole[decided.outcome == _NO_CODE]
        if len(codeless):
            self._outcome[codeless[self._regions.at(codeless) < UNKNOWN]] = SLOW

    def _settle_dialled(self, rows: Rows, digits: Digits) -> None:
        """Judge digits without a plus, where there is a region to dial them in."""
        places = self._regions.at(rows)
        for missing, outcome in _NO_REGION.items():
            self._outcome[rows[places == missing]] = outcome
        known = np.flatnonzero(places < UNKNOWN)
        if len(known):
            decided = decisions.dialled(self._lookup, digits.take(known), places.take(known))
            self._note(rows.take(known), decided)

    def _note(self, rows: Rows, decided: Decided) -> None:
        self._outcome[rows] = decided.outcome
        others = rows.take(decided.others)
        self._national_digits[others] = decided.national_digits
        valid = np.flatnonzero(decided.number)
        self._rewrite(others.take(valid), decided.number.take(valid))

    def _rewrite(self, rows: Rows, numbers: UInts) -> None:
        if len(rows):
            self._rewritten.append((rows, "+" + pl.Series(numbers).cast(pl.String)))


def _of(rows: Rows | None, chosen: Rows) -> Rows:
    return chosen if rows is None else rows.take(chosen)
