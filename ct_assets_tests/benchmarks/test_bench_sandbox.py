"""Records a second that the sandbox takes, in a process of its own: `make bench`."""

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from ct_assets.sandbox import Address, ensure_running, stop
from ct_assets_tests.benchmarks.measure import Measured, record, timed

pytestmark = pytest.mark.bench

BATCH = 1000
SENDERS = 4
HEADERS = {"X-CleverTap-Account-Id": "SANDBOX", "X-CleverTap-Passcode": "sandbox"}


def _profile(number: int) -> dict[str, Any]:
    return {
        "type": "profile",
        "identity": f"cust-{number:09d}",
        "profileData": {
            "Name": "Ada Lovelace",
            "Email": f"user{number}@example.com",
            "Phone": f"+4915112{number % 1_000_000:06d}",
            "Gender": "F",
            "City": "Zürich",
            "Tier": "gold",
            "DOB": "$D_631152000",
            "Balance": number % 1000 / 4,
            "Visits": number % 500,
            "MSG-email": True,
        },
    }


def _event(number: int) -> dict[str, Any]:
    return {
        "type": "event",
        "identity": f"cust-{number % 50_000:09d}",
        "ts": 1_700_000_000 + number,
        "evtName": "Charged",
        "evtData": {
            "Amount": number % 1000 / 4,
            "Currency": "EUR",
            "Charged ID": f"o-{number}",
            "City": "Zürich",
            "Items": [{"sku": f"A{number % 100}", "quantity": 1 + number % 4}],
        },
    }


def _bodies(make: Callable[[int], dict[str, Any]], requests: int) -> list[bytes]:
    return [
        orjson.dumps({"d": [make(i) for i in range(n * BATCH, (n + 1) * BATCH)]})
        for n in range(requests)
    ]


@pytest.fixture
def served(tmp_path: Path, mode: str) -> Iterator[Address]:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    (folder / "settings.json").write_text(json.dumps({"mode": mode}))
    yield ensure_running(tmp_path)
    stop(tmp_path)


def _send(address: Address, bodies: list[bytes]) -> None:
    connection = http.client.HTTPConnection(urlsplit(address.url).netloc)
    for body in bodies:
        connection.request("POST", "/1/upload", body, HEADERS)
        answer = json.loads(connection.getresponse().read())
        assert answer["processed"] == BATCH
    connection.close()


def _process(pid: int) -> tuple[float, float]:
    """CPU seconds so far, and the most memory ever held in MB."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM")).split()[1]
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(peak) / 1024


@pytest.mark.parametrize("make", [_profile, _event], ids=["profiles", "events"])
@pytest.mark.parametrize(
    ("mode", "requests", "floor"),
    [("count", 400, 300_000), ("validate", 200, 50_000), ("store", 100, 0)],
)
def test_records_a_second(
    served: Address,
    mode: str,
    requests: int,
    floor: int,
    make: Callable[[int], dict[str, Any]],
    request: pytest.FixtureRequest,
) -> None:
    """The floor is for each second of one core, whatever else the machine does."""
    bodies = _bodies(make, requests)
    before, _ = _process(served.pid)
    started = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(_send, [served] * SENDERS, [bodies[n::SENDERS] for n in range(SENDERS)]))
    wall = time.perf_counter() - started
    after, peak = _process(served.pid)
    cpu, rows = after - before, requests * BATCH
    name = f"sandbox, {mode}, {request.node.callspec.id.rpartition('-')[2]}"
    _, parsing, _ = timed(lambda: [orjson.loads(body) for body in bodies])
    record(
        name,
        rows,
        Measured(wall, cpu, peak),
        ratio=cpu / parsing,
        reference="the CPU of parsing the bodies",
        per_core_second=rows / cpu,
    )
    assert rows / cpu >= floor
