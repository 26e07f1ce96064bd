"""Follows libphonenumber's `parse` for whole sets of strings of digits at once.

The steps are those of `parse`, `_maybe_extract_country_code` and
`_maybe_strip_national_prefix_carrier_code` of phonenumbers. A leaf's value is an outcome, plus
2**TAG times the place of the edit that leads from the digits read to the national number.
"""

from collections.abc import Callable, Iterator

from phonenumbers import PhoneMetadata

from ct_assets.phone import metadata, result
from ct_assets.phone.compiler import prefixes
from ct_assets.phone.compiler.diagrams import (
    Diagrams,
    Rule,
    choose,
    first,
    leaf,
    only,
    value,
    without,
)
from ct_assets.phone.compiler.edits import KEEP, Edit, drop
from ct_assets.phone.compiler.patterns import UnsupportedPatternError
from ct_assets.phone.compiler.prefixes import Edits
from ct_assets.phone.compiler.validity import Validity

MAX_DIGITS = 17
"""The longest string of digits that the tables decide."""
TAG = 12
_TOO_SHORT = leaf(result.unparsable("too_short"))
_NOT_PARSED = {"too_short", "local_only", "invalid_length"}

Family = tuple[int, ...]
"""One diagram for each number of digits to come, 0 to MAX_DIGITS."""


class Numbering:
    """Numbering plans of calling codes and regions, with the diagrams they share."""

    def __init__(self) -> None:
        self.diagrams = Diagrams()
        self.edits: list[Edit] = [KEEP]
        self._validity = Validity(self.diagrams)
        self._stripping: dict[tuple[str, int], list[tuple[Edit, int]]] = {}
        self._taggings: dict[Edit, Rule] = {}
        self._international: dict[int, Family] = {}

    def international(self, code: int) -> Family:
        """The digits after + and a calling code."""
        if code not in self._international:
            main = metadata.of(code, metadata.calling_codes()[code][0])
            if main.id == "001" and main.national_prefix_for_parsing:
                raise UnsupportedPatternError(f"a national prefix behind +{code}")
            self._international[code] = self._each(lambda n: self._national_part(code, main, n))
        return self._international[code]

    def national(self, code: int, region: str) -> Family:
        """All digits of a number without +, dialled inside a region."""
        data = metadata.of(code, region)
        return self._each(lambda n: self._dialled(code, data, n))

    def _each(self, diagram: Callable[[int], int]) -> Family:
        return tuple(diagram(length) for length in range(MAX_DIGITS + 1))

    def _national_part(self, code: int, data: PhoneMetadata, length: int) -> int:
        """Digits known to belong to a calling code, maybe with a national prefix."""
        parsed = self._validity.outcomes(code, length)
        if length < 2:
            return parsed
        for edit, where in self._stripped(data, length):
            reason = metadata.possible_reason(data, edit.length(length))
            if reason not in _NOT_PARSED:
                rest = self._validity.outcomes(code, edit.length(length))
                rest = self.diagrams.edited(rest, edit, self._tagged(edit))
                parsed = self.diagrams.apply(choose, where, rest, parsed)
        return parsed

    def _dialled(self, code: int, data: PhoneMetadata, length: int) -> int:
        parsed = self._national_part(code, data, length)
        with_code = self._calling_code_first(code, data, length, parsed)
        return self.diagrams.apply(first, self._abroad(data, length), with_code)

    def _calling_code_first(self, code: int, data: PhoneMetadata, length: int, parsed: int) -> int:
        """Digits that begin with the region's own calling code, as if the + were forgotten."""
        rest = length - len(str(code))
        if rest < 0:
            return parsed
        without_code = drop(len(str(code)))
        reading = parsed
        for edit, where in [(KEEP, leaf(1)), *self._stripped(data, rest)]:
            whole = edit.after(without_code)
            here = self.diagrams.edited(where, without_code)
            better = self._better(data, length, whole)
            reread = self._reread(code, whole, length)
            chosen = self.diagrams.apply(choose, better, reread, parsed)
            reading = self.diagrams.apply(choose, here, chosen, reading)
        return self.diagrams.grafted(parsed, str(code), reading)

    def _better(self, data: PhoneMetadata, length: int, edit: Edit) -> int:
        """Where the number is possible with this edit only, or too long without it."""
        if metadata.possible_reason(data, length) == "too_long":
            return leaf(1)
        after = self._validity.general(data, edit.length(length))
        edited = self.diagrams.edited(after, edit)
        return self.diagrams.apply(without, edited, self._validity.general(data, length))

    def _reread(self, code: int, edit: Edit, length: int) -> int:
        after = self.international(code)[edit.length(length)]
        return self.diagrams.edited(after, edit, self._tagged(edit))

    def _abroad(self, data: PhoneMetadata, length: int) -> int:
        """Digits that begin with the region's international prefix, 0 for others."""
        abroad = leaf(0)
        if not data.international_prefix:
            return abroad
        rule = prefixes.Rule(data.international_prefix, None)
        for edit, where in Edits(self.diagrams, rule, length).selections():
            left = edit.length(length)
            jump = _TOO_SHORT if left <= 2 else leaf(result.DIAL_ABROAD | self._tag(edit))
            after = self.diagrams.edited(_nonzero_first(self.diagrams, left), edit)
            here = self.diagrams.apply(only, where, after)
            abroad = self.diagrams.apply(choose, here, jump, abroad)
        return abroad

    def _stripped(self, data: PhoneMetadata, length: int) -> list[tuple[Edit, int]]:
        """The edits the national prefix rule makes, each with the strings in which it does."""
        rule = prefixes.national(data)
        if rule is None or length == 0:
            return []
        key = (data.id, length)
        if key not in self._stripping:
            self._stripping[key] = list(self._strips(data, rule, length))
        return self._stripping[key]

    def _strips(
        self, data: PhoneMetadata, rule: prefixes.Rule, length: int
    ) -> Iterator[tuple[Edit, int]]:
        before = self._validity.general(data, length)
        for edit, where in Edits(self.diagrams, rule, length).selections():
            after = self._validity.general(data, edit.length(length))
            lost = self.diagrams.apply(without, before, self.diagrams.edited(after, edit))
            yield edit, self.diagrams.apply(without, where, lost)

    def _tagged(self, edit: Edit) -> Rule:
        """A rule that lets the edit of each leaf come after `edit`."""
        if edit not in self._taggings:
            self._taggings[edit] = self._tagging(edit)
        return self._taggings[edit]

    def _tagging(self, edit: Edit) -> Rule:
        known: dict[int, int] = {}

        def tagged(diagram: int) -> int | None:
            if diagram >= 0:
                return None
            if diagram not in known:
                place, outcome = divmod(value(diagram), 1 << TAG)
                known[diagram] = leaf(outcome | self._tag(self.edits[place].after(edit)))
            return known[diagram]

        return tagged

    def _tag(self, edit: Edit) -> int:
        if edit not in self.edits:
            self.edits.append(edit)
        return self.edits.index(edit) << TAG


def _nonzero_first(diagrams: Diagrams, length: int) -> int:
    """1 unless the string begins with 0: no calling code does."""
    return diagrams.node((leaf(0), *[leaf(1)] * 9)) if length else leaf(1)
