from pathlib import Path

import pytest

from ct_assets.store.store_settings import StoreSettings
from ct_assets_tests.store.published_kit import Host


@pytest.fixture
def shared(database: str, tmp_path: Path) -> StoreSettings:
    settings = StoreSettings.of(database, str(tmp_path / "bucket"))
    assert settings
    return settings


@pytest.fixture
def here(shared: StoreSettings, tmp_path: Path) -> Host:
    return Host(tmp_path / "here", shared)


@pytest.fixture
def there(shared: StoreSettings, tmp_path: Path) -> Host:
    return Host(tmp_path / "there", shared)
