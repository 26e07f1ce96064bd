from pathlib import Path

import pytest


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are told by their path from the folder of the project."""
    monkeypatch.chdir(tmp_path)
