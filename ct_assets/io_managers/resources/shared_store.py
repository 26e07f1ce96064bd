"""SharedStore names the Postgres and the bucket that hosts share, in a project's resources."""

from collections.abc import Iterable

import dagster as dg
from pydantic import Field

from ct_assets.store import store_settings
from ct_assets.store.store_settings import DEFAULT_CACHE_GB, StoreError, StoreSettings


class SharedStore(dg.ConfigurableResource[None]):
    """Where hosts share state and staged files; under any key among the project's resources.

    Left out, CT_DATABASE_URL and CT_STORE_URL name them, and without those all files are local.
    """

    database_url: str = Field(repr=False, description="An EnvVar: postgresql://user:password@...")
    store_url: str = Field(description="s3://, gs://, az:// or a folder that all hosts reach.")
    cache_gb: float = Field(
        default=DEFAULT_CACHE_GB,
        description="What copies of staged files may take on each disk, in gigabytes.",
    )

    def settings(self) -> StoreSettings | None:
        """The settings, with what variables of the environment say now.

        Raises:
            StoreError: They are wrong, or a variable is not set.
        """
        urls = _value(self.database_url), _value(self.store_url)
        return StoreSettings.of(*urls, self.cache_gb)

    def check(self) -> None:
        """Refuses a password in plain text, which every page of the resource would show.

        Raises:
            StoreError: It is none of the environment.
        """
        has_password = any(sign in self.database_url for sign in ("@", "password="))
        if has_password and not isinstance(self.database_url, dg.EnvVar):
            raise StoreError(
                f"the database_url of {type(self).__name__} is written out, and Dagster shows the "
                'settings of resources: write database_url=dg.EnvVar("CT_DATABASE_URL")'
            )


def use_store_of(resources: Iterable[object]) -> None:
    """Has this process share what a project's resources say, or else what the environment says.

    Raises:
        StoreError: A password is written out in them.
    """
    named = next((each for each in resources if isinstance(each, SharedStore)), None)
    if named is None:
        store_settings.use()
    else:
        named.check()
        store_settings.use(named.settings)


def _value(setting: str) -> str:
    if not isinstance(setting, dg.EnvVar):
        return setting.strip()
    value = setting.get_value()
    if value is None:
        raise StoreError(
            f"{setting.env_var_name}, which a SharedStore names, is not set in the environment"
        )
    return value.strip()
