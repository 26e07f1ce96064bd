"""Samples numbers on which a new automaton must agree with phonenumbers."""

import itertools
import random
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import phonenumbers

from ct_assets.phone import metadata, reference, result
from ct_assets.phone.automaton import decisions
from ct_assets.phone.automaton.decisions import Decided
from ct_assets.phone.automaton.lookup import Digits, Lookup
from ct_assets.phone.compiler.numbering import MAX_DIGITS
from ct_assets.phone.result import SLOW

SAMPLE = 5_000
_TRUNKS = ("", "0", "8", "1", "06", "00")


class Question(NamedTuple):
    """A string of digits, dialled in a region or, if that is None, written after a plus."""

    digits: str
    region: str | None


def differences(lookup: Lookup, questions: list[Question]) -> list[Question]:
    """The questions that the automaton and phonenumbers answer differently."""
    abroad = [q for q in questions if q.region is None]
    inland = [q for q in questions if q.region is not None]
    places = [result.regions().index(q.region or "") for q in inland]
    abroad_digits, inland_digits = _digits(abroad), _digits(inland)
    answers = [
        *_answers(decisions.international(lookup, abroad_digits), abroad_digits),
        *_answers(
            decisions.dialled(lookup, inland_digits, np.array(places, np.uint8)), inland_digits
        ),
    ]
    asked = zip([*abroad, *inland], answers, strict=True)
    return [q for q, answer in asked if answer[0] != SLOW and answer != _expected(q)]


def sample(size: int = SAMPLE, seed: int = 0) -> list[Question]:
    """Example numbers of all regions and kinds, as they are and with digits changed."""
    rng = random.Random(seed)  # noqa: S311 (a sample, no secret)
    return [*itertools.islice(_questions(rng), size)]


def _questions(rng: random.Random) -> Iterator[Question]:
    examples = [e for region in result.regions()[:-1] for e in _examples(region)]
    rng.shuffle(examples)
    for rounds in itertools.count():
        for region, code, national in examples:
            changed = list(national)
            for _ in range(rounds):
                changed[rng.randrange(len(changed))] = rng.choice("0123456789")
            digits = "".join(changed)
            yield Question((code + digits)[:MAX_DIGITS], None)
            yield Question((rng.choice((*_TRUNKS, code)) + digits)[:MAX_DIGITS], region)


def _examples(region: str) -> Iterator[tuple[str, str, str]]:
    code = str(metadata.calling_code(region))
    for kind in range(len(result.TYPES)):
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None:
            yield region, code, phonenumbers.national_significant_number(number).rjust(3, "0")


def _digits(questions: list[Question]) -> Digits:
    texts = [q.digits for q in questions]
    return Digits(np.array([int(t) for t in texts], np.uint64), np.array([len(t) for t in texts]))


def _answers(decided: Decided, digits: Digits) -> Iterator[tuple[int, int, int]]:
    national_digits = np.zeros(len(decided.outcome), np.uint8)
    national_digits[decided.others] = decided.national_digits
    fields = (decided.outcome, decisions.numbers(decided, digits), national_digits)
    yield from zip(*(field.tolist() for field in fields), strict=True)


def _expected(question: Question) -> tuple[int, int, int]:
    text = question.digits if question.region else f"+{question.digits}"
    verdict = reference.judge(text, question.region)
    return verdict.outcome, int(verdict.e164 or 0), verdict.national_digits
