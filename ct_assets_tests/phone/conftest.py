from pathlib import Path

import pytest

from ct_assets.phone import column
from ct_assets.phone.automaton.current_automaton import Installed
from ct_assets.phone.automaton.lookup import Lookup
from ct_assets.phone.compiler import automaton


class Fixed(Installed):
    """Always judges with one automaton, or always with phonenumbers alone."""

    def __init__(self, lookup: Lookup | None) -> None:
        super().__init__()
        self._fixed = lookup

    def lookup(self, rows: int) -> Lookup | None:  # noqa: ARG002 (whatever the size)
        return self._fixed


@pytest.fixture(scope="session")
def compiled() -> automaton.Automaton:
    return automaton.compiled()


@pytest.fixture(scope="session")
def lookup(compiled: automaton.Automaton) -> Lookup:
    return Lookup(compiled)


@pytest.fixture
def fast(lookup: Lookup, monkeypatch: pytest.MonkeyPatch) -> None:
    """The automaton judges, however small the column."""
    monkeypatch.setattr(column, "installed", Fixed(lookup))


@pytest.fixture(params=["phonenumbers", "automaton"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with phonenumbers alone, once with the automaton."""
    if request.param == "automaton":
        request.getfixturevalue("fast")
    else:
        monkeypatch.setattr(column, "installed", Fixed(None))


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the cache of whoever runs it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
