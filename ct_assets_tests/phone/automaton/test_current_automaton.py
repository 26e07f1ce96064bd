import subprocess
import sys
from pathlib import Path

import pytest

from ct_assets.phone import PhoneEngineWarning, metadata
from ct_assets.phone.automaton import cache, selfcheck
from ct_assets.phone.automaton.current_automaton import WORTH_COMPILING, Installed
from ct_assets.phone.automaton.lookup import Lookup
from ct_assets.phone.compiler import automaton
from ct_assets.phone.compiler.automaton import Automaton


@pytest.fixture(autouse=True)
def compile_at_once(compiled: Automaton, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automaton, "compiled", lambda: compiled)


def cached() -> Path:
    return cache.path(metadata.fingerprint())


def test_small_columns_do_without_until_compiling_is_worth_it() -> None:
    installed = Installed()

    assert installed.lookup(WORTH_COMPILING - 1) is None
    assert not cached().exists()
    assert installed.lookup(1) is not None
    assert cached().exists()


def test_the_cache_serves_columns_of_any_size() -> None:
    Installed().lookup(WORTH_COMPILING)

    assert Installed().lookup(1) is not None


def test_a_damaged_cache_is_compiled_anew() -> None:
    Installed().lookup(WORTH_COMPILING)
    cached().write_bytes(b"damaged")

    assert Installed().lookup(WORTH_COMPILING) is not None
    assert cache.load(cached()) is not None


def test_a_difference_switches_the_automaton_off(
    compiled: Automaton, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = compiled._replace(outcomes=compiled.outcomes[::-1].copy())
    monkeypatch.setattr(automaton, "compiled", lambda: wrong)
    installed = Installed()

    with pytest.warns(
        PhoneEngineWarning, match="differs in .* samples.*; phone columns are judged by"
    ):
        assert installed.lookup(WORTH_COMPILING) is None

    assert installed.lookup(WORTH_COMPILING) is None
    assert not cached().exists()


def test_metadata_that_cannot_be_followed_switch_the_automaton_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def surprised() -> Automaton:
        raise LookupError("no general description of XX")

    monkeypatch.setattr(automaton, "compiled", surprised)
    installed = Installed()

    with pytest.warns(PhoneEngineWarning, match="stops at LookupError.'no general description"):
        assert installed.lookup(WORTH_COMPILING) is None

    assert installed.lookup(WORTH_COMPILING) is None


def test_the_self_check_passes(lookup: Lookup) -> None:
    questions = selfcheck.sample()

    assert len(questions) == selfcheck.SAMPLE
    assert selfcheck.differences(lookup, questions) == []


def test_importing_the_package_loads_no_metadata() -> None:
    heavy = "[m for m in sys.modules if m.startswith('phonenumbers.data.region_')]"
    code = f"import sys, ct_assets.phone; sys.exit(len({heavy}))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
