"""DeliveryRequests turns an upload into the request for its delivery, if its gate allows one."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import dagster as dg
from pydantic import Field

from ct_assets.delivery import CustomList, DeliveryRequest, Policy
from ct_assets.delivery.delivery_request import ChangedRows, LogPolicy
from ct_assets.delivery.guards.guard_names import unknown_guard
from ct_assets.delivery.state.witness import Witness
from ct_assets.errors import UserError
from ct_assets.files import checksum
from ct_assets.mapping import Sync
from ct_assets.mapping.declaration.meaning import event_key, meaning
from ct_assets.settings import data_dir
from ct_assets.snapshot_meta import SplitMeta
from ct_assets.staging import DATA, Snapshot

KEYS = "keys.parquet"
CHANGED = "changed.parquet"
"""Of the valid rows those that an earlier snapshot, `SplitMeta.base`, lacks."""


class DeliveryOptions(dg.Config):
    """Options of a single run, for the launchpad and the command line."""

    full: bool = Field(default=False, description="Send every valid row again, changed or not.")
    limit: int | None = Field(default=None, description="Send at most so many records.")
    allow: list[str] = Field(
        default=[], description="Guards to pass this once, such as `max_removed`."
    )
    reviewed: str = Field(
        default="",
        description="The digest of a plan that was looked at: nothing else is sent.",
    )


@dataclass(frozen=True)
class Upload:
    """The output of `<sync>/clevertap`, for its I/O manager."""

    sync: Sync
    valid: Snapshot
    options: DeliveryOptions
    neighbours: frozenset[str] = frozenset()
    partition: str | None = None
    is_example: bool = False
    """Its source ships with ct_assets: its people are nobody's customers."""
    rejected: Snapshot | None = None
    """The rejected rows of the same split, for the sync's log."""
    origin: str = ""
    """The file or table that its source reads; empty for a query, and where nobody knows."""


class GateError(UserError):
    pass


def points_each(upload: Upload) -> float:
    """Data points of a record, on average: an event counts one, and so does each property."""
    nulls = split_of(upload).nulls.values()
    return 1.0 + (sum(1 - share for share in nulls) if upload.sync.object == "event" else 0.0)


def check_options(options: DeliveryOptions) -> None:
    if options.limit is not None and options.limit < 1:
        raise UserError(f"limit is {options.limit}; write 1 or more, or leave it out to send all")
    if wrong := unknown_guard(options.allow):
        raise UserError(f"allow: {wrong}")


def check_gate(upload: Upload) -> None:
    name, gate = upload.sync.name, split_of(upload).gate
    if not gate.passed:
        raise GateError(f"{name} is not sent: {gate.why}. Look at {name}/rejected for reasons.")


def check_staged(upload: Upload) -> None:
    """Refuses rows that are not those which were staged: others would leave in their place.

    Raises:
        GateError: A file is missing, damaged, or of another sync.
    """
    name, split, again = upload.sync.name, split_of(upload), "Materialize it again, whole"
    if split.sync not in ("", name):
        raise GateError(f"{name} is not sent: {name}/valid has rows of {split.sync}. {again}")
    for file, known in split.checksums.items():
        try:
            wrong = "" if checksum(upload.valid.beside(file)) == known else "not as it was written"
        except FileNotFoundError:
            wrong = "missing"
        except OSError as error:
            wrong = f"unreadable ({error.strerror})"
        if wrong:
            raise GateError(f"{name} is not sent: {file} of {name}/valid is {wrong}. {again}")


def split_of(upload: Upload) -> SplitMeta:
    name, split = upload.sync.name, upload.valid.meta.split
    if split is None:
        raise GateError(f"{name}/valid has no verdict of its checks; materialize {name}/valid")
    return split


def home(destination: str, sync: str) -> Path:
    """The folder of the state of a sync, for the destination of that name."""
    return data_dir() / "state" / destination / sync


def request(
    upload: Upload,
    destination: str,
    run: str,
    retention: timedelta,
    *,
    witnesses: tuple[Witness, ...] = (),
    rejections: Path | None = None,
) -> DeliveryRequest:
    """The request for the delivery of an upload; `destination` is its name."""
    split, options = split_of(upload), upload.options
    return DeliveryRequest(
        home=home(destination, upload.sync.name),
        valid=upload.valid.path,
        people=_people(upload.sync, destination),
        keys=upload.valid.beside(KEYS),
        policy=policy(upload.sync, split.declaration, upload.neighbours, upload.origin),
        run=run,
        changed=_changed(upload, split),
        rejections=rejections,
        counts=split.counts,
        full=options.full,
        limit=options.limit,
        allow=frozenset(options.allow),
        reviewed=options.reviewed,
        retention=retention,
        partition=upload.partition,
        witnesses=witnesses,
    )


def _changed(upload: Upload, split: SplitMeta) -> ChangedRows | None:
    if not split.base:
        return None
    base = upload.valid.folder.with_name(split.base)
    return ChangedRows(rows=upload.valid.beside(CHANGED), base=base / DATA)


def _people(sync: Sync, destination: str) -> Path | None:
    waits = sync.segment is not None and sync.segment.unacknowledged == "hold"
    return home(destination, sync.require_profile) if waits and sync.require_profile else None


def policy(
    sync: Sync, declaration: str, neighbours: frozenset[str] = frozenset(), origin: str = ""
) -> Policy:
    return Policy(
        sync=sync.name,
        object=sync.object,
        declaration=declaration,
        event_key=event_key(sync),
        meaning={**meaning(sync), "origin": origin},
        on_unknown=sync.on_unknown,
        first_run=sync.first_run,
        on_removed=sync.on_removed,
        max_removed=sync.max_removed,
        max_changed=sync.max_changed,
        max_refused=sync.max_refused,
        idempotent=sync.idempotent,
        mode=sync.mode,
        look_again=timedelta(hours=sync.look_again_hours),
        sends_changed_fields=sync.send == "changed_fields",
        writes={name: field.write for name, field in sync.fields.items() if field.write},
        custom_list=_custom_list(sync),
        neighbours=neighbours,
        log=_log(sync),
    )


def _log(sync: Sync) -> LogPolicy | None:
    if sync.log is None:
        return None
    return LogPolicy(retention=timedelta(days=sync.log.days), values=sync.log.values)


def _custom_list(sync: Sync) -> CustomList | None:
    if sync.segment is None:
        return None
    return CustomList(**sync.segment.model_dump(exclude={"unacknowledged"}))
