"""Gives pytest the fixture `clevertap_sandbox`: CleverTap on loopback for the time of one test.

Installing the package installs it. Settings other than the defaults:

    @pytest.mark.parametrize("clevertap_sandbox", [Settings(max_in_flight=3)], indirect=True)
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ct_assets.sandbox.testing import SandboxInTest


@pytest.fixture
def clevertap_sandbox(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[SandboxInTest]":
    """A real server in a thread, with a file of its own and faults that the test may order."""
    # Tests that do not use it pay nothing for the server.
    from ct_assets.sandbox.testing import served

    with served(tmp_path_factory.mktemp("clevertap"), getattr(request, "param", None)) as sandbox:
        yield sandbox
