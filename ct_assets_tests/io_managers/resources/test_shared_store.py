from pathlib import Path

import dagster as dg
import pytest

import ct_assets
from ct_assets.components.project_defaults import resources, with_defaults
from ct_assets.store.store_settings import StoreError, StoreSettings, shared_store

URL = "postgresql://ct:canary-pass@db/ct"


def declared(store_url: str = "s3://bucket/a") -> dg.Definitions:
    store = ct_assets.SharedStore(database_url=dg.EnvVar("SHOP_DATABASE"), store_url=store_url)
    return dg.Definitions(resources={"shop_store": store})


def test_a_resource_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CT_DATABASE_URL", "postgresql://other/db")
    monkeypatch.setenv("CT_STORE_URL", "s3://other")
    monkeypatch.setenv("SHOP_DATABASE", URL)

    with_defaults(declared())

    assert shared_store() == StoreSettings(URL, "s3://bucket/a")
    with_defaults(dg.Definitions())
    assert shared_store() == StoreSettings("postgresql://other/db", "s3://other")


def test_definitions_of_ones_own_name_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DATABASE", URL)

    resources(declared().resources or {})

    assert shared_store() == StoreSettings(URL, "s3://bucket/a")


def test_a_missing_variable_stops_what_needs_the_store_only() -> None:
    with_defaults(declared())

    with pytest.raises(StoreError, match="SHOP_DATABASE"):
        shared_store()


def test_what_is_wrong_is_told_as_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOP_DATABASE", "")
    with_defaults(declared(str(tmp_path)))

    with pytest.raises(StoreError, match="CT_STORE_URL is set and CT_DATABASE_URL is not"):
        shared_store()


@pytest.mark.parametrize(
    "url", [URL, "postgresql://db/ct?password=canary-pass", "postgresql://ct:77/canary@db/ct"]
)
def test_a_password_is_not_written_out(url: str) -> None:
    store = ct_assets.SharedStore(database_url=url, store_url="s3://bucket")

    with pytest.raises(StoreError, match=r"write database_url=dg.EnvVar") as caught:
        with_defaults(dg.Definitions(resources={"store": store}))

    assert "canary" not in f"{caught.value}{store!r}"
