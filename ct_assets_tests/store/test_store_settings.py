import sys
from pathlib import Path

import pytest

from ct_assets.store import store_settings
from ct_assets.store.store_settings import StoreError, StoreSettings, of_environment

DATABASE = "postgresql://ct:canary-pass@db.example.com:5433/ct_assets"


def test_nothing_is_set() -> None:
    assert of_environment({}) is None
    assert of_environment({"CT_DATABASE_URL": "", "CT_STORE_URL": ""}) is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ("gs://bucket/a", "gs://bucket/a"),
        ("az://container/a", "az://container/a"),
        ("file:///mnt/shared%20disk", "/mnt/shared disk"),
        ("/mnt/shared/", "/mnt/shared"),
    ],
)
def test_a_store_is_a_bucket_or_a_folder(written: str, kept: str) -> None:
    settings = of_environment({"CT_DATABASE_URL": DATABASE, "CT_STORE_URL": written})

    assert settings == StoreSettings(DATABASE, kept)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (DATABASE, "db.example.com:5433/ct_assets"),
        ("postgres://u:canary-pass@db/", "db"),
        ("postgresql:///ct?host=/run/pg&password=canary-pass", "/run/pg/ct"),
    ],
)
def test_texts_tell_the_database_without_its_password(url: str, shown: str) -> None:
    settings = StoreSettings.of(url, "/mnt/a")

    assert settings is not None
    assert settings.database == shown
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"CT_DATABASE_URL": DATABASE}, "CT_DATABASE_URL is set and CT_STORE_URL is not"),
        ({"CT_STORE_URL": "s3://b"}, "CT_STORE_URL is set and CT_DATABASE_URL is not"),
        (
            {"CT_DATABASE_URL": "mysql://u:canary-pass@h/d", "CT_STORE_URL": "s3://b"},
            "CT_DATABASE_URL is no URL of a Postgres: write postgresql://",
        ),
        (
            {"CT_DATABASE_URL": "postgresql://u:canary-pass@h:x/d", "CT_STORE_URL": "s3://b"},
            "CT_DATABASE_URL is no URL of a Postgres",
        ),
        (
            {"CT_DATABASE_URL": "postgresql+psycopg2://u:p@h/d", "CT_STORE_URL": "s3://b"},
            "CT_DATABASE_URL is no URL of a Postgres",
        ),
        *(
            (
                {"CT_DATABASE_URL": f"postgresql://u:77{sign}canary@h/d", "CT_STORE_URL": "s3://b"},
                "its password with % codes for signs such as @, / and #",
            )
            for sign in "/#?"
        ),
        (
            {"CT_DATABASE_URL": DATABASE, "CT_STORE_URL": "shared"},
            "CT_STORE_URL=shared is relative; write the folder that hosts share in full",
        ),
        (
            {"CT_DATABASE_URL": DATABASE, "CT_STORE_URL": "ftp://b/c"},
            "CT_STORE_URL has the scheme 'ftp'; it takes s3://",
        ),
        (
            {"CT_DATABASE_URL": DATABASE, "CT_STORE_URL": "s3://key:canary-pass@b/c"},
            "credentials are taken from the environment",
        ),
        ({"CT_DATABASE_URL": DATABASE, "CT_STORE_URL": "s3:///c"}, "names no bucket"),
        (
            {"CT_DATABASE_URL": DATABASE, "CT_STORE_URL": "s3://b", "CT_CACHE_GB": "much"},
            "CT_CACHE_GB=much is no size",
        ),
    ],
)
def test_what_is_wrong_is_told_without_secrets(environ: dict[str, str], told: str) -> None:
    with pytest.raises(StoreError) as caught:
        of_environment(environ)

    assert told in str(caught.value)
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_a_missing_driver_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(
        StoreError, match=r"psycopg is not installed: pip install 'ct-assets\[store\]'"
    ):
        store_settings.driver("psycopg")


def test_settings_may_come_from_elsewhere_than_the_environment(tmp_path: Path) -> None:
    named = StoreSettings(DATABASE, str(tmp_path))
    try:
        store_settings.use(lambda: named)
        assert store_settings.shared_store() == named
    finally:
        store_settings.use()
