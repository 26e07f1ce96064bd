"""Reads an account from variables, as the definitions of a project do."""

import os
from collections.abc import Mapping

from ct_assets.clevertap.destination import AccountSettings, Destination, named_destination


def destination_from_env(
    prefix: str | None = None, environ: Mapping[str, str] = os.environ
) -> Destination | None:
    return named_destination(AccountSettings.of_environment(prefix, environ), environ)
