"""Disks that are full, or fill up in mid-delivery, and files that cannot be written."""

import ctypes
import re
import resource
import subprocess
import sys
from collections.abc import Callable

import pytest

from ct_assets_tests.delivery.full_disk import deliver_on_disk
from ct_assets_tests.delivery.kit import Sync, event, snapshot

pytestmark = pytest.mark.sampled(4)

ROWS = [event(f"e{n}", identity=str(n), Key=f"e{n}") for n in range(3000)]
SIZES = range(100, 6000, 100)
"""Kilobytes of a disk: from one that has no room for a state to one that has room for all."""


def files_up_to(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def without_roots_powers() -> None:
    """Even root may not write then to what is read-only; others never may."""
    drop_from_bounding_set, cap_dac_override = 24, 1
    ctypes.CDLL(None).prctl(drop_from_bounding_set, cap_dac_override)


def deliver_in_a_process(
    sync: Sync, prepare: Callable[[], None]
) -> "subprocess.CompletedProcess[str]":
    source = snapshot(sync.folder / "rows.parquet", ROWS)
    command = [sys.executable, "-m", "ct_assets_tests.delivery.crash", str(sync.home), str(source)]
    command += ["park", sync.sandbox.url, sync.sandbox.id]
    return subprocess.run(command, preexec_fn=prepare, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1_000, 20_000, 60_000, 100_000, 400_000, 1_000_000])
def test_a_full_disk_is_named_and_loses_nothing(events: Sync, limit: int) -> None:
    events.policy_with(on_unknown="park")

    failed = deliver_in_a_process(events, files_up_to(limit))
    result = events.run(ROWS)

    if failed.returncode:
        said = failed.stderr.splitlines()[-1]
        assert said.startswith("ct_assets.delivery.state.sync_files.StorageError: purchases:")
        assert "Nothing recorded is lost" in said
    assert result.counts.held == {}
    assert_each_arrived_once(events)


def assert_each_arrived_once(events: Sync) -> None:
    arrived = [str(e.props["Key"]) for e in events.sandbox.events()]
    assert sorted(arrived) == sorted(row["_key"] for row in ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
def test_answers_to_what_is_in_flight_are_noted_on_a_disk_that_fills_up(
    events: Sync, on_unknown: str
) -> None:
    failed = deliver_on_disk(events, ROWS, kilobytes=50_000, fill_at=1, on_unknown=on_unknown)
    before = len(events.sandbox.events())
    settled = events.run(ROWS).settled

    assert failed.returncode == 1
    assert "purchases: the disk is full" in failed.stderr.splitlines()[-1]
    assert settled
    assert settled.acked == before > 0
    assert_each_arrived_once(events)


@pytest.mark.bench
@pytest.mark.parametrize("on_unknown", ["resend", "park"])
@pytest.mark.parametrize(
    ("kilobytes", "fill_at"), [*((50_000, n) for n in (2, 3)), *((k, None) for k in SIZES)]
)
def test_a_disk_of_any_size(
    events: Sync, kilobytes: int, fill_at: int | None, on_unknown: str
) -> None:
    failed = deliver_on_disk(
        events, ROWS, kilobytes=kilobytes, fill_at=fill_at, on_unknown=on_unknown
    )
    result = events.run(ROWS)

    if failed.returncode:
        assert "purchases: the disk is full" in failed.stderr.splitlines()[-1]
    assert result.counts.held == {}
    assert_each_arrived_once(events)


@pytest.mark.parametrize("name", ["sends.sqlite", "state.duckdb"])
def test_state_that_is_read_only_is_named_and_sends_nothing(events: Sync, name: str) -> None:
    events.policy_with(on_unknown="park")
    events.run(ROWS[:10])
    (events.home / name).chmod(0o400)

    failed = deliver_in_a_process(events, without_roots_powers)

    assert re.search("cannot be written.*read-only", failed.stderr.splitlines()[-1])
    assert len(events.sandbox.events()) == 10
    (events.home / name).chmod(0o600)
    assert events.run(ROWS).counts.acked == len(ROWS) - 10
