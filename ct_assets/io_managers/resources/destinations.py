"""Destinations says where syncs send to: an account that is named, or the sandbox.

The sandbox is never the destination by accident, nor an account that of the example, or of a
branch deployment.
"""

import os
from collections.abc import Callable

import dagster as dg

from ct_assets.clevertap.destination import (
    VARIABLES,
    WHERE,
    AccountSettings,
    Destination,
    DestinationError,
    is_account_name,
    missing,
    named_destination,
    sandbox_destination,
    sandbox_is_meant,
)
from ct_assets.delivery.state.shared_folders import homes
from ct_assets.delivery.state.sync_files import LEDGER, STATE
from ct_assets.mapping import Sync
from ct_assets.sandbox import ensure_running
from ct_assets.sandbox.server.background_process import folder_of, read_address
from ct_assets.settings import data_dir
from ct_assets.store.store_settings import shared_store

Accounts = Callable[[str | None], AccountSettings]
"""Gives the settings of the account that syncs call by a name, or of the one without."""
FROM_ENVIRONMENT: Accounts = AccountSettings.of_environment

NEVER_RUN = "sandbox-none"
"""The name of a sandbox that has not run yet: no state is ever kept under it."""
TAG = "clevertap/destination"
"""The run's tag that says where it sends to."""
SYNCS = "clevertap/sync"
"""The run's tag that says which syncs it sends, or reads the source for."""
BRANCH, BRANCH_SENDS = "DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT", "CT_BRANCH_SENDS"
LOCAL_LAUNCHERS = ("DefaultRunLauncher", "SyncInMemoryRunLauncher")
LATEST = 20
"""Materializations in which a delivery to an account is looked for."""


class DestinationGuardError(DestinationError):
    """Records would go where they are not meant to go."""


def started(
    sync: Sync,
    instance: dg.DagsterInstance | None = None,
    *,
    is_example: bool = False,
    accounts: Accounts = FROM_ENVIRONMENT,
) -> Destination:
    """The account that is named, or else the sandbox, which is started if need be.

    Raises:
        DestinationError: See `known`.
    """
    named = _account(sync, instance, accounts, is_example=is_example)
    if named is not None:
        return named
    sandbox = ensure_running(data_dir())
    return sandbox_destination(sandbox.url, sandbox.id, sandbox.account_id, sandbox.passcode)


def known(
    sync: Sync,
    instance: dg.DagsterInstance | None = None,
    *,
    is_example: bool = False,
    accounts: Accounts = FROM_ENVIRONMENT,
) -> Destination | None:
    """The destination without starting anything: None for a sandbox that never ran.

    Raises:
        DestinationError: Half an account is named; or none, where one is meant; or one that this
            sync must not be sent to.
    """
    return _account(sync, instance, accounts, is_example=is_example) or sandbox()


def _account(
    sync: Sync, instance: dg.DagsterInstance | None, accounts: Accounts, *, is_example: bool
) -> Destination | None:
    if sandbox_is_meant():
        return None
    settings = accounts(sync.destination)
    named = named_destination(settings)
    if named is None:
        _check_sandbox_is_meant(sync, instance, settings)
    elif named.is_account and is_example:
        raise DestinationGuardError(
            f"{sync.name} reads the example that ships with ct_assets, and goes to a sandbox or to "
            f"a server on this machine only, never to {label(named)}. Declare a sync of a source "
            f"of your own, in your project; to try this one, set {WHERE}=sandbox"
        )
    elif named.is_account and _is_set(BRANCH) and not _is_set(BRANCH_SENDS):
        raise DestinationGuardError(
            f"{sync.name} is not sent: this is a branch deployment, which does not send to an "
            f"account ({label(named)}). Set {WHERE}=sandbox for a trial, or {BRANCH_SENDS}=1 in "
            f"this deployment if its rows are meant for that account"
        )
    return named


def _check_sandbox_is_meant(
    sync: Sync, instance: dg.DagsterInstance | None, settings: AccountSettings
) -> None:
    if os.environ.get(WHERE):
        return
    if sync.destination and (set_one := _other_account()):
        raise DestinationGuardError(
            f"{sync.name} goes to {sync.destination}, and {missing(settings)}. {set_one} is set: "
            f"the sandbox is hardly meant. Nothing was sent"
        )
    if shared_store() is not None:
        raise DestinationGuardError(
            f"hosts share their state (CT_STORE_URL), each would have a sandbox of its own, and "
            f"{missing(settings)}. Nothing was sent"
        )
    if before := _sent_before(sync.name) or (instance and _logged_before(sync.name, instance)):
        raise DestinationGuardError(
            f"{sync.name} was delivered to {before} before, and now {missing(settings)}. "
            f"Nothing was sent"
        )
    if launcher := instance and launcher_elsewhere(instance):
        raise DestinationGuardError(
            f"runs are launched by {launcher}, whose processes have no sandbox of their own, and "
            f"{missing(settings)}. Nothing was sent"
        )


def _other_account() -> str | None:
    """A variable that names an account, of whatever prefix."""
    known = (name for name in sorted(os.environ) if name.endswith(VARIABLES[0]))
    return next((name for name in known if os.environ[name].strip()), None)


def _sent_before(sync: str) -> str | None:
    """The account that a state in CT_DATA_DIR is of."""
    known = homes(data_dir() / "state", sync=sync, having=(STATE, LEDGER))
    return next((h.parent.name for h in known if is_account_name(h.parent.name)), None)


def _logged_before(sync: str, instance: dg.DagsterInstance) -> str | None:
    """The account that Dagster's event log names; it outlives the disk of a run."""
    records = instance.fetch_materializations(dg.AssetKey([sync, "clevertap"]), LATEST).records
    for record in records:
        event = record.asset_materialization
        name = event.metadata.get("destination") if event else None
        if name and is_account_name(str(name.value).replace("sandbox: ", "sandbox-")):
            return str(name.value)
    return None


def launcher_elsewhere(instance: dg.DagsterInstance) -> str | None:
    """The class of a launcher whose runs are not on this machine; it is not loaded for this."""
    launcher = instance.get_ref().run_launcher_data if instance.is_persistent else None
    name = launcher.class_name if launcher else LOCAL_LAUNCHERS[0]
    return None if name in LOCAL_LAUNCHERS else name


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() not in ("", "0", "false", "no")


def tag_run(instance: dg.DagsterInstance, run: str, to: Destination, sync: str) -> None:
    """Runs can be told apart, and filtered, by what they send, and where to.

    One that automation starts has no job of its own, whose name would say so.
    """
    found = instance.get_run_by_id(run)
    before = found.tags.get(SYNCS, "") if found else ""
    syncs = sorted({sync, *filter(None, before.split(", "))})
    to_name = "sandbox" if to.is_sandbox else to.name
    instance.add_run_tags(run, {TAG: to_name, SYNCS: ", ".join(syncs)})


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
