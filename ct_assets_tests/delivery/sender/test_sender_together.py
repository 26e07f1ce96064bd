"""Several senders, one account: the server never sees more than its fifteen."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import sandbox_destination
from ct_assets.sandbox.faults import Plan
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.sending_kit import batches_of, sending

SEND = """
import sys
from pathlib import Path
from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import sandbox_destination
from ct_assets_tests.delivery.sending_kit import batches_of, sending
url, folder, first = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
with Client(sandbox_destination(url, "any")) as client:
    sent, ledger = sending(batches_of(first + 60, 2)[first:], client, folder)
assert ledger.count() == {"acked": 120}, ledger.count()
assert (sent.waits_429, sent.stopped) == (0, None)
"""


def test_processes_share_the_slots(clevertap_sandbox: SandboxInTest, tmp_path: Path) -> None:
    clevertap_sandbox.faults.replace(Plan(latency_seconds=0.02))
    command = [sys.executable, "-c", SEND, clevertap_sandbox.url, str(tmp_path)]

    senders = [subprocess.Popen([*command, str(60 * number)]) for number in range(2)]

    assert [sender.wait(timeout=120) for sender in senders] == [0, 0]
    assert clevertap_sandbox.max_in_flight_seen <= 15
    arrived = Counter(event.identity for event in clevertap_sandbox.events())
    assert (len(arrived), set(arrived.values())) == (240, {1})


@pytest.mark.parametrize("clevertap_sandbox", [Settings(max_in_flight=3)], indirect=True)
def test_a_server_with_less_room_gets_less(
    clevertap_sandbox: SandboxInTest, tmp_path: Path
) -> None:
    clevertap_sandbox.faults.replace(Plan(latency_seconds=0.002))
    with Client(sandbox_destination(clevertap_sandbox.url, "any")) as client:
        sent, ledger = sending(batches_of(100, 2), client, tmp_path)

    assert ledger.count() == {"acked": 200}
    assert sent.waits_429 > 0
    assert sent.smallest_window < 15
    assert clevertap_sandbox.max_in_flight_seen == 3
    assert len(clevertap_sandbox.events()) == 200


FAULTS = {
    "429": 0.1,
    "500": 0.02,
    "503-stored": 0.02,
    "reset": 0.02,
    "reset-stored": 0.02,
    "truncated": 0.02,
    "not-json": 0.02,
    "connection-close": 0.1,
}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bad_day_loses_nothing(
    clevertap_sandbox: SandboxInTest, tmp_path: Path, seed: int
) -> None:
    plan = Plan.model_validate({"rates": FAULTS, "seed": seed, "retry_after": 1})
    clevertap_sandbox.faults.replace(plan)
    with Client(sandbox_destination(clevertap_sandbox.url, "any")) as client:
        sent, ledger = sending(batches_of(120, 2), client, tmp_path)

    arrived = Counter(event.identity for event in clevertap_sandbox.events())
    lost = {
        (batch, row) for word, batch, rows in ledger.entries if word == "unknown" for row in rows
    }
    assert sent.stopped is None
    assert ledger.count() == {"acked": 240}
    assert len(arrived) == 240
    assert {name for name, times in arrived.items() if times > 1} <= {f"c-{b}-{r}" for b, r in lost}
