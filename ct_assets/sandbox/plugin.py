"""A pytest plugin: `clevertap_sandbox` is CleverTap on loopback for the time of one test.

Add `pytest_plugins = ["ct_assets.sandbox.plugin"]` to the conftest.py at the root of the tests.
Settings other than the defaults:

    @pytest.mark.parametrize("clevertap_sandbox", [Settings(max_in_flight=3)], indirect=True)
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ct_assets.sandbox.core import open_sandbox
from ct_assets.sandbox.server import running
from ct_assets.sandbox.settings import Settings
from ct_assets.sandbox.testing import SandboxInTest


@pytest.fixture
def clevertap_sandbox(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxInTest]:
    """A real server in a thread, with a file of its own and faults that the test may order."""
    settings: Settings = getattr(request, "param", None) or Settings()
    folder: Path = tmp_path_factory.mktemp("clevertap")
    kept = settings.model_copy(update={"keep_bodies": settings.keep_bodies or 100_000})
    sandbox = open_sandbox(folder, kept)
    with running(sandbox) as url:
        yield SandboxInTest(url, sandbox)
    sandbox.store.close()
