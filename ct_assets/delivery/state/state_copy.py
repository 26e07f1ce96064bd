"""Copies of a sync's state let a reader work on it while the state itself stays as it is."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.state.shared_folders import reading
from ct_assets.delivery.state.suppressions import PENDING
from ct_assets.delivery.state.sync_files import (
    CORE,
    FORGOTTEN,
    PREVIOUS,
)
from ct_assets.files import scratch_dir


@contextlib.contextmanager
def copied(request: DeliveryRequest) -> Iterator[DeliveryRequest]:
    """The request with a copy of its home, which is removed at the end of the block."""
    with copied_home(request.home, request.patience, needs=PREVIOUS) as home:
        yield replace(request, home=home)


@contextlib.contextmanager
def copied_home(
    home: Path, patience: timedelta = timedelta(0), *, needs: str = ""
) -> Iterator[Path]:
    with scratch_dir() as folder:
        copy = folder / "state" / "plan" / home.name
        copy.mkdir(parents=True)
        with reading(home, patience, needs=needs):
            for name in CORE:
                if (home / name).exists():
                    shutil.copyfile(home / name, copy / name)
        copy_suppressions(home.parent, copy.parent)
        yield copy


def copy_suppressions(destination: Path, to: Path) -> None:
    """Those of a destination; does nothing where there are none."""
    if (destination / FORGOTTEN).exists():
        # Names of people whose erasure is pending are known as hashes, too.
        ignored = shutil.ignore_patterns(f"{PENDING}*", ".*")
        shutil.copytree(destination / FORGOTTEN, to / FORGOTTEN, ignore=ignored, dirs_exist_ok=True)
