from pathlib import Path

import pytest

from ct_assets.store.store_settings import StoreSettings


@pytest.fixture
def shared(database: str, tmp_path: Path) -> StoreSettings:
    settings = StoreSettings.of(database, str(tmp_path / "bucket"))
    assert settings
    return settings
