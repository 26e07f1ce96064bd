"""Where syncs send to, found out without starting anything."""

from ct_assets.clevertap.destination import Destination, destination_from_env, sandbox_destination
from ct_assets.mapping import Sync
from ct_assets.sandbox.server.background_process import folder_of, read_address
from ct_assets.settings import data_dir

NEVER_RUN = "sandbox-none"
"""The name of a sandbox that has not run yet: no state is ever kept under it."""


def known(sync: Sync) -> Destination | None:
    """None for the sandbox if it never ran; the first run of a sync starts it."""
    return destination_from_env(sync.destination) or sandbox()


def sandbox() -> Destination | None:
    """The sandbox of CT_DATA_DIR, whether it is running now or not."""
    address = read_address(folder_of(data_dir()))
    if address is None:
        return None
    return sandbox_destination(address.url, address.id, address.account_id, address.passcode)


def name_of(destination: Destination | None) -> str:
    return destination.name if destination else NEVER_RUN


def told(destination: Destination | None) -> str:
    if destination is None:
        return "the sandbox, which has not run yet"
    if destination.is_sandbox:
        return f"the sandbox ({destination.base_url})"
    return f"{destination.account_id} at {destination.host}"
