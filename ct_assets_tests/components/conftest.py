import dagster as dg
import pytest

from ct_assets.components import sync_assets


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_assets, "RETRY", dg.RetryPolicy(max_retries=1, delay=0))
