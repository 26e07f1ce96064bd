"""Plain uploaders as people write them: the references that delivery is measured against."""

import csv
import itertools
import json
import ssl
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import orjson
import polars as pl
import requests

BATCH = 1000
HEADERS = {"X-CleverTap-Account-Id": "BENCH", "X-CleverTap-Passcode": "bench"}

FIELDS = {
    "first_name": "First",
    "last_name": "Last",
    "email": "Email",
    "phone": "Phone",
    "country": "Country",
    "city": "City",
    "tier": "Tier",
    "birthday": "Birth",
    "signed_up_at": "Signed up",
    "balance": "Balance",
    "visits": "Visits",
    "newsletter": "Newsletter",
}


def _record(row: dict[str, Any]) -> dict[str, Any]:
    data = {field: row[column] for column, field in FIELDS.items() if row[column] not in (None, "")}
    return {"type": "profile", "identity": row["customer_id"], "profileData": data}


def _batches(records: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(records)
    while batch := list(itertools.islice(iterator, BATCH)):
        yield batch


def _in_threads(connections: int, work: Any, batches: Iterable[Any]) -> None:
    free = threading.Semaphore(2 * connections)
    futures = []
    with ThreadPoolExecutor(connections) as pool:
        for batch in batches:
            free.acquire()
            futures.append(pool.submit(work, batch))
            futures[-1].add_done_callback(lambda _: free.release())
    for future in futures:
        future.result()


def csv_json_requests(table: Path, url: str, connections: int) -> None:
    """`csv.DictReader`, `json`, `requests`, one session a thread."""
    local = threading.local()

    def post(batch: list[dict[str, Any]]) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        body = json.dumps({"d": batch}, default=str)
        answer = local.session.post(
            f"{url}/1/upload", data=body.encode(), headers=HEADERS, timeout=60
        )
        assert answer.json()["processed"] == len(batch)

    with table.open(newline="") as file:
        _in_threads(connections, post, _batches(map(_record, csv.DictReader(file))))


def polars_orjson_httpx(table: Path, url: str, connections: int) -> None:
    """`polars.iter_rows`, `orjson`, one `httpx.Client`."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    client = httpx.Client(
        limits=limits,
        verify=ssl.create_default_context(),
        timeout=httpx.Timeout(60, pool=None),
        headers=HEADERS,
    )

    def post(batch: list[dict[str, Any]]) -> None:
        body = orjson.dumps({"d": batch}, default=str)
        answer = client.post(f"{url}/1/upload", content=body)
        assert answer.json()["processed"] == len(batch)

    rows = pl.read_csv(table).iter_rows(named=True)
    _in_threads(connections, post, _batches(map(_record, rows)))
