"""ClevertapAccount names an account in a project's resources, where its environment does not."""

import dagster as dg
from pydantic import Field

from ct_assets.clevertap.destination import AccountSettings, DestinationError
from ct_assets.errors import UserError, hushed


class ClevertapAccount(dg.ConfigurableResource[None]):
    """The account that syncs are sent to: `ClevertapIOManager(account=ClevertapAccount(...))`.

    The passcode is an `EnvVar`, since Dagster shows the settings of resources. A project that keeps
    it elsewhere overrides `read_passcode`.
    """

    account_id: str = Field(default="", description="As in Settings > Project of the dashboard.")
    passcode: str = Field(default="", repr=False, description="An EnvVar.")
    region: str = Field(default="", description="Such as in1; or api_url.")
    api_url: str = Field(default="", description="Of another server with the same API.")

    def read_passcode(self) -> str:
        """The passcode; read wherever a run or a command asks for the account, and kept nowhere."""
        return self.passcode

    @property
    def settings(self) -> AccountSettings:
        """Its settings, by their names here; none if no account is named.

        Raises:
            DestinationError: `read_passcode` of a project fails; its words may have secrets.
        """
        names = [f"{type(self).__name__}.{name}" for name in _FIELDS]
        values = [self.account_id, "", self.region, self.api_url]
        if any(value.strip() for value in values):
            values[1] = self._passcode()
        stripped = (value.strip() for value in values)
        return AccountSettings(names, dict(zip(names, stripped, strict=True)))

    def _passcode(self) -> str:
        try:
            return self.read_passcode() or ""
        except Exception as error:  # whatever a client of secrets raises
            hushed(error)
            told = f"{type(self).__name__}.read_passcode() fails with {type(error).__name__}"
            raise DestinationError(f"{told}: mend the access to the secret") from None

    def check(self) -> None:
        """Refuses a passcode in plain text, which every page of the resource would show.

        Raises:
            UserError: It is none of the environment.
        """
        if self.passcode and not isinstance(self.passcode, dg.EnvVar):
            raise UserError(
                f"the passcode of {type(self).__name__} is written out, and Dagster shows the "
                'settings of resources: write passcode=dg.EnvVar("CLEVERTAP_PASSCODE"), or '
                "override read_passcode() to take it from where your secrets are"
            )


_FIELDS = ("account_id", "passcode", "region", "api_url")
