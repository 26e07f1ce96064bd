import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["ct_assets.phone", "ct_assets.phone.countries"])
def test_examples_in_the_documentation(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))

    assert results.attempted > 0
    assert results.failed == 0
