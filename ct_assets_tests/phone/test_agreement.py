"""phonenumbers decides; everything else must say the same of every string."""

import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from ct_assets.phone import engine
from ct_assets.phone.automaton import digit_columns
from ct_assets.phone.automaton.lookup import Lookup
from ct_assets.phone.compiler import automaton, diagrams, numbering, prefixes
from ct_assets.phone.compiler.automaton import Automaton
from ct_assets.phone.compiler.validity import Validity
from ct_assets_tests.phone import agreement
from ct_assets_tests.phone.adversarial import Adversary, every_character

pytestmark = pytest.mark.sampled(4)

Patch = Callable[[pytest.MonkeyPatch], None]
OLDER = "9.0.20"


def test_a_sample_agrees(lookup: Lookup) -> None:
    characters = every_character().sample(20_000, seed=1)
    answered = agreement.expected(pl.concat([Adversary(seed=1).cases(180_000), characters]))

    assert agreement.differences(lookup, answered).rows() == []
    assert answered["e164"].null_count() < 0.8 * answered.height


@pytest.fixture(scope="session")
def fewer() -> pl.DataFrame:
    """Enough cases, with the verdicts of phonenumbers, to notice a fault."""
    return agreement.expected(Adversary(seed=1).cases(12_000))


def no_prefix_is_stripped(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prefixes, "national", lambda _: None)


def stripping_always_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(numbering, "without", lambda diagram, _: diagram)


def the_general_description_is_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Validity, "general", lambda *_: diagrams.YES)


def lengths_do_not_block_stripping(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(numbering, "_NOT_PARSED", set())


def leading_digits_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(diagrams.Diagrams, "begins", lambda *_: diagrams.NO)


@pytest.mark.parametrize(
    "fault",
    [
        no_prefix_is_stripped,
        stripping_always_counts,
        the_general_description_is_ignored,
        lengths_do_not_block_stripping,
        leading_digits_are_ignored,
    ],
    ids=lambda fault: fault.__name__,
)
def test_a_fault_in_the_compiler_is_noticed(
    fault: Patch, fewer: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)

    assert agreement.differences(Lookup(automaton.compiled()), fewer).height > 0


def tildes_are_separators(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(digit_columns, "_SEPARATORS", digit_columns._SEPARATORS | {"~": ""})


def tabs_are_separators(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(digit_columns, "_SEPARATORS", digit_columns._SEPARATORS | {"\t": ""})


def long_texts_are_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(digit_columns, "MAX_BYTES", 1000)


def extensions_may_be_of_any_length(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(digit_columns, "_EXTENSION", digit_columns._EXTENSION.replace("{1,7}", "+"))


def a_plus_is_never_overlooked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(engine, "_NO_CODE", -1)


def other_scripts_have_no_digits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(digit_columns, "_MAYBE_A_NUMBER", "[0-9]")


@pytest.mark.parametrize(
    "fault",
    [
        tildes_are_separators,
        tabs_are_separators,
        long_texts_are_read,
        extensions_may_be_of_any_length,
        a_plus_is_never_overlooked,
        other_scripts_have_no_digits,
    ],
    ids=lambda fault: fault.__name__,
)
def test_a_fault_in_reading_is_noticed(
    fault: Patch, lookup: Lookup, fewer: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)

    assert agreement.differences(lookup, fewer).height > 0


def test_no_calling_code_and_no_region_is_left_to_phonenumbers(compiled: Automaton) -> None:
    *regions, left_to_phonenumbers = compiled.national.tolist()

    assert left_to_phonenumbers not in regions
    assert left_to_phonenumbers not in compiled.international


@pytest.mark.bench
def test_ten_million_strings_agree() -> None:
    fresh = multiprocessing.get_context("spawn")  # polars does not outlive a fork
    with ProcessPoolExecutor(2, mp_context=fresh) as pool:
        counts = pool.map(agreement.count_differences, [2_500_000] * 4, [11, 12, 13, 14])

        assert list(counts) == [0, 0, 0, 0]


@pytest.mark.bench
def test_every_character_below_u20000_agrees(lookup: Lookup) -> None:
    assert agreement.differences(lookup, agreement.expected(every_character())).rows() == []


@pytest.mark.bench
def test_older_metadata_recompile_and_agree(tmp_path: Path) -> None:
    pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path)]
    subprocess.run([sys.executable, *pip, f"phonenumbers=={OLDER}"], check=True)
    version = "import phonenumbers; print(phonenumbers.__version__)"
    environment = {"PYTHONPATH": str(tmp_path)}

    used = subprocess.run(
        [sys.executable, "-c", version], env=environment, capture_output=True, text=True, check=True
    )
    agrees = subprocess.run(
        [sys.executable, "-m", "ct_assets_tests.phone.agreement", "500000", "21"], env=environment
    )

    assert used.stdout.strip() == OLDER
    assert agrees.returncode == 0
