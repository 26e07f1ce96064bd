"""Strings made to trip a reader of phone numbers, with the region each is read in."""

import itertools
import random
import string
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import phonenumbers
import polars as pl

from ct_assets.phone import metadata, result
from ct_assets.phone.compiler.matcher import Prefix

Case = tuple[str, str | None]
_T = TypeVar("_T")

SEPARATORS = "-‐‑–—―−ー－．／ \u00a0\u00ad\u200b\u2060\u3000()（）［］.[]/"
NEARLY_SEPARATORS = "~⁓∼～x*#,;_:+＋\t\n\u2028'\"|\\"
EXTENSIONS = (
    " ext. 12",
    " ext 1234567",
    " ext12345678",
    "x12",
    " X 999",
    " extn:7",
    " extension 22",
    ";ext=33",
    " #123",
    ",,9",
    ", 12",
    "~12",
    " ～ 4",
    " доб. 5",
    " anexo 8",
    " int 9",
    " - 503#",
    " ext. 12 ext. 13",
    "ext.12345678901234567890123",
    " x1/x2",
    " / x9",
    "; 44",
)
ZEROS = (0xFF10, 0x660, 0x6F0, 0x966, 0xE50, 0x1040, 0x1D7CE)
"""Noughts of several scripts."""
ENDS = "\t\n\r\0\x1c\x85\u2028\ufeff\u3000+＋(#.*/\\é😀٣"
PADS = " -0+\t\u00a0٣é😀"
PLACES = ("{c}{d}", "{d}{c}", "+{k}{c}{d}", "+{k}{d}{c}1", "+{c}{k}{d}", "{d}{c}12345")


class Adversary:
    """An endless, repeatable source of cases."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._regions = [*result.regions()[:-1]]
        self._codes = [*metadata.calling_codes()]
        self._examples = {r: _examples(r) for r in self._regions}
        self._prefixes: dict[str, Prefix] = {}
        self._tricks: list[tuple[Callable[[], Case], int]] = [
            (self.any_digits_of_any_code, 3),
            (self.nearly_an_example, 3),
            (self.edge_of_a_range, 3),
            (self.dialled_at_home, 4),
            (self.prefix_kept_after_the_code, 2),
            (self.dialled_abroad, 2),
            (self.code_without_plus, 2),
            (self.formatted, 4),
            (self.with_an_extension, 1),
            (self.other_digits, 1),
            (self.odd_character, 2),
            (self.vanity, 1),
            (self.odd_ends, 1),
            (self.padded, 1),
            (self.plus_anywhere, 1),
            (self.rfc3966, 1),
            (self.junk, 1),
        ]

    def cases(self, count: int) -> pl.DataFrame:
        """So many cases, as columns `phone` and `region`."""
        tricks, weights = zip(*self._tricks, strict=True)
        chosen = self._random.choices(tricks, weights, k=count)
        rows = [trick() for trick in chosen]
        return pl.DataFrame(rows, schema={"phone": pl.String, "region": pl.String}, orient="row")

    def any_digits_of_any_code(self) -> Case:
        code = self._one([str(self._one(self._codes)), str(self._random.randrange(1000))])
        return f"+{code}{self._digits(self._random.randrange(19))}", self._maybe_region()

    def nearly_an_example(self) -> Case:
        region, code, digits = self._number()
        place = self._random.randrange(len(digits))
        change = self._one(["", self._digits(1), self._digits(2)])
        after = digits[place + self._random.randrange(2) :]
        return f"+{code}{digits[:place]}{change}{after}", self._maybe_region(region)

    def edge_of_a_range(self) -> Case:
        region, code, digits = self._number()
        place = self._random.randrange(len(digits))
        edge = (int(digits[place]) + self._one([-1, 0, 1])) % 10
        fill = self._one("09") * (len(digits) - place - 1)
        number = f"{digits[:place]}{edge}{fill}"
        return self._one([f"+{code}{number}", number]), region

    def dialled_at_home(self) -> Case:
        region, _, digits = self._number()
        data = metadata.of(metadata.calling_code(region), region)
        prefix = self._member(data.national_prefix_for_parsing)
        start = self._random.choice([0, 0, 0, 1, 2, 3])
        return prefix + digits[start:] + self._one(["", "", self._digits(1)]), region

    def prefix_kept_after_the_code(self) -> Case:
        region, code, digits = self._number()
        prefix = self._member(metadata.of(int(code), region).national_prefix_for_parsing)
        prefix = self._one([prefix, "0", "00", "1", "8", "15"])
        written = self._one(["{}{}{}", "{} ({}) {}", "{}{} {}"]).format(code, prefix, digits)
        return f"+{written}", self._maybe_region(region)

    def dialled_abroad(self) -> Case:
        region, _, _ = self._number()
        _, code, digits = self._number()
        data = metadata.of(metadata.calling_code(region), region)
        prefix = self._one([self._member(data.international_prefix), "00", "011", "+00", "+011"])
        return (
            f"{prefix}{self._one([code, '0', '21'])}{digits[: self._random.randrange(14)]}",
            region,
        )

    def code_without_plus(self) -> Case:
        region, code, digits = self._number()
        data = metadata.of(int(code), region)
        prefix = self._one(["", "", self._member(data.national_prefix_for_parsing)])
        return f"{code}{prefix}{digits}{self._one(['', '', self._digits(1)])}", region

    def formatted(self) -> Case:
        text, region = self._one(self._tricks[:7])[0]()
        allowed = self._one([SEPARATORS[:1], "-. ()", SEPARATORS, SEPARATORS + NEARLY_SEPARATORS])
        return "".join(self._sprinkled(text, allowed)), self._maybe_region(region)

    def with_an_extension(self) -> Case:
        text, region = self.formatted()
        return text + self._one(EXTENSIONS), region

    def other_digits(self) -> Case:
        text, region = self.formatted()
        zeros = self._one([[self._one(ZEROS)], ZEROS])
        digits = {str(d): chr(self._one(zeros) + d) for d in range(10)}
        plus = self._one("+＋")
        return "".join(digits.get(c, c) for c in text).replace("+", plus), region

    def odd_character(self) -> Case:
        region, code, digits = self._number()
        character = chr(self._one([self._random.randrange(0x20000), self._random.randrange(0x300)]))
        if 0xD800 <= ord(character) < 0xE000:
            character = "\ufeff"
        return self._one(PLACES).format(c=character, d=digits, k=code), region

    def odd_ends(self) -> Case:
        text, region = self.formatted()
        return f"{self._one(['', *ENDS])}{text}{self._one(['', *ENDS])}", region

    def padded(self) -> Case:
        """About as long as texts may be, in characters or in bytes."""
        text, region = self.formatted()
        place = self._random.choice([0, len(text), self._random.randrange(len(text) + 1)])
        length = self._random.choice([120, 249, 250, 251, 400]) - len(text)
        return text[:place] + self._one(PADS) * length + text[place:], region

    def plus_anywhere(self) -> Case:
        text, region = self._one(self._tricks[:7])[0]()
        place = self._random.choice([0, 1, len(text), self._random.randrange(len(text) + 1)])
        return text[:place] + self._one(["+", "++", "+ +", "＋", "(+"]) + text[place:], region

    def vanity(self) -> Case:
        region, code, digits = self._number()
        letters = "".join(
            self._random.choices(string.ascii_letters, k=self._random.randrange(1, 8))
        )
        return self._one([f"+{code} {digits[:3]}{letters}", f"{digits[:3]}-{letters}"]), region

    def rfc3966(self) -> Case:
        text, region = self.formatted()
        _, code, _ = self._number()
        context = self._one(["example.com", f"+{code}", "+", "", f"+{code}-1", "+x", "0"])
        tail = self._one(["", ";isub=12345", ";ext=7", f";phone-context={context}"])
        return f"{self._one(['tel:', '', 'TEL:'])}{text}{tail}", region

    def junk(self) -> Case:
        alphabet = self._one(["0123456789", "0123456789+-. ()", string.printable, "+", " -"])
        length = self._one([self._random.randrange(6), self._random.randrange(40), 260])
        return "".join(self._random.choices(alphabet, k=length)), self._maybe_region()

    def _sprinkled(self, text: str, separators: str) -> Iterator[str]:
        often = self._random.choice([0.05, 0.3])
        for character in text:
            if self._random.random() < often:
                yield self._one(separators)
            yield character
        if self._random.random() < often:
            yield self._one(separators)

    def _member(self, pattern: str | None) -> str:
        """A string that the start of a pattern matches, or the start of one."""
        if not pattern:
            return ""
        if pattern not in self._prefixes:
            self._prefixes[pattern] = Prefix(pattern)
        prefix = self._prefixes[pattern]
        threads, text = prefix.start(), ""
        for place in itertools.count():
            threads, match = prefix.settle(threads, place, at_end=False)
            ways = [d for d in range(10) if prefix.read(threads, d)]
            if not ways or (match is not None and self._random.random() < 0.3):
                return text
            digit = self._one(ways)
            threads, text = prefix.read(threads, digit), f"{text}{digit}"
        raise AssertionError("a pattern ends")

    def _number(self) -> tuple[str, str, str]:
        region = self._one(self._regions)
        return region, str(metadata.calling_code(region)), self._one(self._examples[region])

    def _maybe_region(self, region: str | None = None) -> str | None:
        return self._one([None, region, self._one(self._regions)])

    def _digits(self, count: int) -> str:
        return "".join(self._random.choices("0123456789", k=count))

    def _one(self, items: Sequence[_T]) -> _T:
        return self._random.choice(items)


def every_character() -> pl.DataFrame:
    """Every character below U+20000 in each of several places of a number."""
    characters = [chr(c) for c in range(0x20000) if not 0xD800 <= c < 0xE000]
    rows = [
        (place.format(c=c, d="2079460958", k="44"), "GB") for c in characters for place in PLACES
    ]
    return pl.DataFrame(rows, schema=["phone", "region"], orient="row")


def _examples(region: str) -> list[str]:
    found = []
    for kind in range(len(result.TYPES)):
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None:
            found.append(phonenumbers.national_significant_number(number))
    return found
