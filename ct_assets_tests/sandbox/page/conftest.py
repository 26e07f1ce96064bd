from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ct_assets_tests.sandbox.page.html import Page, read

Visit = Callable[[str], Page]
Upload = Callable[..., None]


@pytest.fixture
def visit(client: httpx.Client) -> Visit:
    return lambda path: read(client.get(path))


@pytest.fixture
def upload(client: httpx.Client) -> Upload:
    def sent(*records: dict[str, Any]) -> None:
        client.post("/1/upload", json={"d": records}).raise_for_status()

    return sent
