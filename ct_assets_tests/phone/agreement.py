"""Whether the automaton and phonenumbers agree; run as a module with a number of strings."""

import sys
from collections.abc import Iterator

import polars as pl

from ct_assets.phone import engine, reference
from ct_assets.phone.automaton.lookup import Lookup
from ct_assets.phone.compiler import automaton
from ct_assets.phone.regions import Regions
from ct_assets_tests.phone.adversarial import Adversary

BATCH = 100_000
FIELDS = ("outcome", "e164", "as_is", "is_e164", "national_digits")


def expected(cases: pl.DataFrame) -> pl.DataFrame:
    """The cases with the verdict of phonenumbers on each."""
    reference.warm_up()
    return pl.DataFrame(
        [_expected(*case) for case in cases.iter_rows()],
        schema={
            "outcome": pl.UInt16,
            "e164": pl.String,
            "as_is": pl.Boolean,
            "is_e164": pl.Boolean,
            "national_digits": pl.UInt8,
        },
        orient="row",
    ).hstack(cases)


def found(lookup: Lookup, cases: pl.DataFrame) -> pl.DataFrame:
    """The verdict of the engine on each case."""
    phones = cases["phone"]
    verdicts = engine.judge(lookup, phones, Regions(cases["region"]))
    return pl.DataFrame({**verdicts._asdict(), "is_e164": engine.is_e164(lookup, phones)})


def differences(lookup: Lookup, answered: pl.DataFrame) -> pl.DataFrame:
    """The cases with the verdicts of both, where they differ."""
    ours = found(lookup, answered).rename(lambda name: f"our_{name}")
    differs = [pl.col(field).ne_missing(pl.col(f"our_{field}")) for field in FIELDS]
    return answered.hstack(ours).filter(pl.any_horizontal(differs))


def batches(total: int, seed: int) -> Iterator[pl.DataFrame]:
    """So many adversarial cases, each batch from a seed of its own."""
    for number in range(-(-total // BATCH)):
        yield Adversary(seed * 1_000_000 + number).cases(min(BATCH, total - number * BATCH))


def count_differences(total: int, seed: int) -> int:
    """The number of differences in so many cases; the first ones are printed."""
    lookup = Lookup(automaton.compiled())
    count = 0
    for cases in batches(total, seed):
        wrong = differences(lookup, expected(cases))
        count += wrong.height
        if wrong.height:
            print(wrong.head(5).to_dicts())  # noqa: T201 (what a person needs to see)
    return count


def _expected(phone: str, region: str | None) -> tuple[int, str | None, bool, bool, int]:
    outcome, number, national_digits = reference.judge(phone, region)
    return outcome, number, number == phone, number == phone, national_digits


if __name__ == "__main__":
    sys.exit(min(count_differences(int(sys.argv[1]), seed=int(sys.argv[2])), 100))
