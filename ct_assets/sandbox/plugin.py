"""A pytest plugin: `clevertap_sandbox` is CleverTap on loopback for the time of one test.

Add `pytest_plugins = ["ct_assets.sandbox.plugin"]` to the conftest.py at the root of the tests.
Settings other than the defaults:

    @pytest.mark.parametrize("clevertap_sandbox", [Settings(max_in_flight=3)], indirect=True)
"""

from collections.abc import Iterator

import pytest

from ct_assets.sandbox.settings import Settings
from ct_assets.sandbox.testing import SandboxInTest, served


@pytest.fixture
def clevertap_sandbox(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxInTest]:
    """A real server in a thread, with a file of its own and faults that the test may order."""
    settings: Settings | None = getattr(request, "param", None)
    with served(tmp_path_factory.mktemp("clevertap"), settings) as sandbox:
        yield sandbox
