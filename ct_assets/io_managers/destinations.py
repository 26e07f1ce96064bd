"""Destinations says where syncs send to: an account of the environment, or the sandbox."""

from ct_assets.clevertap.destination import Destination, destination_from_env, sandbox_destination
from ct_assets.mapping import Sync
from ct_assets.sandbox import ensure_running
from ct_assets.sandbox.server.background_process import folder_of, read_address
from ct_assets.settings import data_dir

NEVER_RUN = "sandbox-none"
"""The name of a sandbox that has not run yet: no state is ever kept under it."""


def started(sync: Sync) -> Destination:
    """The account of the environment, or else the sandbox, which is started if need be."""
    named = destination_from_env(sync.destination)
    if named is not None:
        return named
    sandbox = ensure_running(data_dir())
    return sandbox_destination(sandbox.url, sandbox.id, sandbox.account_id, sandbox.passcode)


def known(sync: Sync) -> Destination | None:
    """The destination without starting anything: None for a sandbox that never ran."""
    return destination_from_env(sync.destination) or sandbox()


def sandbox() -> Destination | None:
    """The sandbox of CT_DATA_DIR, whether it is running now or not."""
    address = read_address(folder_of(data_dir()))
    if address is None:
        return None
    return sandbox_destination(address.url, address.id, address.account_id, address.passcode)


def name_of(destination: Destination | None) -> str:
    return destination.name if destination else NEVER_RUN


def label(destination: Destination | None) -> str:
    if destination is None:
        return "the sandbox, which has not run yet"
    if destination.is_sandbox:
        return f"the sandbox ({destination.base_url})"
    return f"{destination.account_id} at {destination.host}"
