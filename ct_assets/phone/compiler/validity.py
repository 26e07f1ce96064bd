"""Gives `is_valid_number`, its region and its type, for every national number of a calling code."""

from collections.abc import Iterator

from phonenumbers import PhoneMetadata

from ct_assets.phone import metadata, result
from ct_assets.phone.compiler.diagrams import NO, Diagrams, choose, first, leaf, only
from ct_assets.phone.compiler.matcher import Language, language

MAX_NATIONAL_DIGITS = 17
MIN_NATIONAL_DIGITS = 2
_MOST_DIGITS = 19
"""As many digits as every unsigned number of 64 bits can hold."""
_TOO_SHORT = leaf(result.unparsable("too_short"))
_TOO_LONG = leaf(result.unparsable("too_long"))
_EITHER = result.TYPES.index("fixed_line_or_mobile")


class Validity:
    """Diagrams whose values are outcomes."""

    def __init__(self, diagrams: Diagrams) -> None:
        self._diagrams = diagrams
        self._outcomes: dict[tuple[int, int], int] = {}

    def outcomes(self, code: int, length: int) -> int:
        """The outcome of each national number of this length."""
        if length < MIN_NATIONAL_DIGITS:
            return _TOO_SHORT
        if length > MAX_NATIONAL_DIGITS:
            return _TOO_LONG
        if len(str(code)) + length > _MOST_DIGITS:
            return leaf(result.SLOW)
        key = (code, length)
        if key not in self._outcomes:
            self._outcomes[key] = self._judged(code, length)
        return self._outcomes[key]

    def general(self, region: PhoneMetadata, length: int) -> int:
        """The strings that match the general description, whatever lengths it lists."""
        pattern = metadata.pattern(region.general_desc)
        return self._diagrams.matches(language(pattern), length) if pattern else NO

    def _judged(self, code: int, length: int) -> int:
        regions = metadata.calling_codes()[code]
        judged = NO
        for region in reversed(regions):
            data = metadata.of(code, region)
            typed = self._typed(data, result.regions().index(region), length)
            if data.leading_digits and len(regions) > 1:
                begins = self._diagrams.begins(Language(data.leading_digits), length)
                judged = self._diagrams.apply(choose, begins, typed, judged)
            else:
                judged = self._diagrams.apply(first, typed, judged)
        reason = metadata.possible_reason(metadata.of(code, regions[0]), length)
        invalid = leaf(result.invalid(result.regions().index(regions[0]), reason))
        return self._diagrams.apply(first, judged, invalid)

    def _typed(self, data: PhoneMetadata, region: int, length: int) -> int:
        """The outcome of the valid numbers of one region, 0 for others."""
        if not metadata.has_length(data.general_desc, length):
            return NO
        typed = NO
        for diagram in self._types(data, region, length):
            typed = self._diagrams.apply(first, typed, diagram)
        return self._diagrams.apply(only, typed, self.general(data, length))

    def _types(self, data: PhoneMetadata, region: int, length: int) -> Iterator[int]:
        """The numbers of each type, in the order in which libphonenumber tries them."""
        for name in metadata.TYPED:
            yield self._of_type(data, name, length, result.valid(region, result.TYPES.index(name)))
        either = result.valid(region, _EITHER)
        if data.same_mobile_and_fixed_line_pattern:
            yield self._of_type(data, "fixed_line", length, either)
            return
        fixed = self._of_type(data, "fixed_line", length, 1)
        mobile = self._of_type(data, "mobile", length, either)
        yield self._diagrams.apply(only, mobile, fixed)
        for name in ("fixed_line", "mobile"):
            yield self._of_type(data, name, length, result.valid(region, result.TYPES.index(name)))

    def _of_type(self, data: PhoneMetadata, name: str, length: int, outcome: int) -> int:
        desc = getattr(data, name)
        pattern = metadata.pattern(desc)
        if not pattern or not metadata.has_length(desc, length):
            return NO
        return self._diagrams.matches(language(pattern), length, leaf(outcome))
