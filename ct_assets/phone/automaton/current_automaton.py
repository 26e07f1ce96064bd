"""Gives the automaton of the installed phonenumbers: cached, or compiled once it is worth it."""

import threading
import warnings
from pathlib import Path

import phonenumbers

from ct_assets.phone import metadata, reference
from ct_assets.phone.automaton import cache, selfcheck
from ct_assets.phone.automaton.lookup import Lookup
from ct_assets.phone.compiler import automaton

WORTH_COMPILING = 100_000
"""Rows after which phonenumbers alone has cost about as much as compiling."""


class PhoneEngineWarning(UserWarning):
    """The automaton cannot be trusted; all numbers are judged by phonenumbers, slowly."""


class Installed:
    """Gives the automaton out, and makes it when there is none.

    Nothing in here calls polars: threads of polars wait for the lock, and could wait for ever for
    one that needs them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lookup: Lookup | None = None
        self._rows_judged_slowly = 0
        self._looked_in_cache = False
        self._off = False

    def lookup(self, rows: int) -> Lookup | None:
        """The lookup that judges the next `rows` rows; None for phonenumbers alone."""
        if self._lookup is None and not self._off:
            with self._lock:
                self._obtain(rows)
        return self._lookup

    def _obtain(self, rows: int) -> None:
        if self._lookup is not None or self._off:
            return
        reference.warm_up()
        file = cache.path(metadata.fingerprint())
        if not self._looked_in_cache:
            self._looked_in_cache = True
            cached = cache.load(file)
            self._lookup = Lookup(cached) if cached else None
        self._rows_judged_slowly += rows
        if self._lookup is None and self._rows_judged_slowly >= WORTH_COMPILING:
            self._compile(file)

    def _compile(self, file: Path) -> None:
        try:
            compiled = automaton.compiled()
            lookup = Lookup(compiled)
            wrong = _complaint(selfcheck.differences(lookup, selfcheck.sample()))
        except Exception as error:
            wrong = f"stops at {error!r}"
        if wrong:
            self._off = True
            warnings.warn(_SWITCHED_OFF.format(wrong), PhoneEngineWarning, stacklevel=2)
            return
        self._lookup = lookup
        cache.save(compiled, file)


_SWITCHED_OFF = (
    f"the phone compiler does not follow phonenumbers {phonenumbers.__version__}: it {{}};"
    " phone columns are judged by phonenumbers alone, about 100 times slower"
)


def _complaint(different: list[selfcheck.Question]) -> str | None:
    if not different:
        return None
    text, region = different[0]
    first = f"{text!r} in {region}" if region else f"'+{text}'"
    return f"differs in {len(different)} samples, first {first}"


installed = Installed()
