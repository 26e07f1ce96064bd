"""Checks the accounts that syncs send to: credentials, region and clock, by an empty dry run."""

import contextlib
import email.utils
import threading
import time
from collections.abc import Iterator

import dagster as dg

from ct_assets.clevertap import verdicts
from ct_assets.clevertap.client import Answer, Client, Reply
from ct_assets.clevertap.destination import (
    Destination,
    DestinationError,
    named_destination,
    sandbox_is_meant,
)
from ct_assets.clevertap.verdicts import Acked, Denied, Malformed, NotTaken, Unknown
from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, note, ok
from ct_assets.commands.support.dagster_runs import home_of_project, instance
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.delivery.sender.limits.account_slots import upload_slots
from ct_assets.errors import UserError
from ct_assets.io_managers.resources import destinations
from ct_assets.io_managers.resources.destinations import DestinationGuardError
from ct_assets.sandbox import find
from ct_assets.settings import data_dir

NOBODY = b'{"d":[{"type":"profile","profileData":{}}]}'
"""Names no profile, so that nothing is stored even if the dry run were taken for a real upload."""

MOST_SECONDS_OFF = 60.0

_DENIED = (
    "Copy the account id and the passcode from Settings > Project in CleverTap's dashboard, its "
    "region from the dashboard's address."
)
FIX = "Correct the environment of whatever starts the runs."
_UNREACHED = "Mend the region or CLEVERTAP_API_URL, or what is in between: proxies, firewalls."


def accounts(project: Project) -> Iterator[Diagnosis]:
    prefixes = {declared.sync.destination for declared in project.syncs.values()}
    for prefix in sorted(prefixes, key=lambda name: name or ""):
        name = f"account {prefix}" if prefix else "account"
        try:
            settings = None if sandbox_is_meant() else project.accounts(prefix)
            destination = named_destination(settings) if settings else None
        except UserError as error:
            yield failed(name, error, FIX)
            continue
        if destination is None:
            yield from _sandbox(name)
        else:
            yield from account(name, destination)


def guarded(project: Project) -> Iterator[Diagnosis]:
    """Syncs that a run would not send where the environment says; the example is only noted."""
    with contextlib.ExitStack() as stack:
        try:
            opened = stack.enter_context(instance(home_of_project()))
        except Exception:  # whatever its storage raises; the look at Dagster reports that
            opened = None
        for name in sorted(project.syncs):
            yield from _guard(project, name, opened)


def _guard(project: Project, name: str, opened: dg.DagsterInstance | None) -> Iterator[Diagnosis]:
    try:
        project.destination(name, opened)
    except DestinationGuardError as error:
        if project.sync(name).is_example:
            yield note(f"destination of {name}", str(error))
        else:
            yield failed(f"destination of {name}", error, FIX)
    except DestinationError:
        return  # the account is half named, which is reported once


def _sandbox(name: str) -> Iterator[Diagnosis]:
    known = destinations.sandbox()
    if known is None or find(data_dir()) is None:
        yield note(name, "the sandbox, which the next run starts; no CLEVERTAP_ variable is set")
    else:
        yield from account(name, known)


def account(name: str, destination: Destination) -> Iterator[Diagnosis]:
    with (
        Client(destination) as client,
        upload_slots(destination).slot(threading.Event()),
    ):
        answer = client.upload(NOBODY, dry_run=True)
    yield _credentials(name, destination, answer)
    if isinstance(answer, Reply):
        yield clock(f"clock of {name}", answer, time.time())


def _credentials(name: str, destination: Destination, answer: Answer) -> Diagnosis:
    server = destinations.label(destination)
    match verdicts.read(answer, 1, NOBODY):
        case Acked() | Malformed():
            return ok(name, f"{server} takes these credentials ({answer.seconds:.1f} s)")
        case Unknown(why):
            fix = "Try again; look at CleverTap's status page."
        case NotTaken(why, reached=False):
            fix = _UNREACHED
        case NotTaken(why):
            fix = "Something else sends to this account as well: try again, or let it end first."
        case Denied(why):
            fix = _DENIED
    return failed(name, f"{server}: {why}", fix)


def clock(name: str, reply: Reply, now: float) -> Diagnosis:
    """Compares this machine's clock with the Date of a reply, less half the time that it took."""
    try:
        server_time = email.utils.parsedate_to_datetime(reply.date).timestamp()
    except (ValueError, TypeError):
        return note(name, f"{reply.host} does not tell the time")
    off = now - reply.seconds / 2 - server_time
    if abs(off) <= MOST_SECONDS_OFF:
        return ok(name, f"within {max(1, round(abs(off)))} s of this one")
    ahead = "ahead of" if off > 0 else "behind"
    return failed(
        name,
        f"this machine is {abs(off):,.0f} s {ahead} {reply.host}",
        "Set this machine's clock, best by NTP: times of events come from it.",
    )
