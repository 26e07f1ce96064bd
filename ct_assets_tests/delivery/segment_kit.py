"""Segments: members as the split writes them, and a small CleverTap that keeps one list."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

from pydantic import SecretStr

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination
from ct_assets.delivery import CustomList, DeliveryResult, Policy, deliver
from ct_assets.delivery.delivery_request import DeliveryRequest
from ct_assets.delivery.sender.limits.account_slots import account_label
from ct_assets_tests.delivery.kit import IMPATIENT, NOW, Row, keys, snapshot

BUYERS = CustomList(name="Jazz buyers", creator="ct_assets", email="admin@example.com")
SEGMENT = Policy(sync="buyers", object="segment", declaration="d1", custom_list=BUYERS)


def member(key: str, kind: str = "identity") -> Row:
    letter = {"identity": "i", "objectId": "g"}[kind]
    return {"_key": key, "_kind": kind, "_identity": key, "_record": f"{letter},{key}"}


def members(*names: str) -> list[Row]:
    return [member(name) for name in names]


@dataclass
class Heard:
    """A request, as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Killed(BaseException):
    """The process of the sender ended here."""


@dataclass
class ListServer:
    """Keeps lists by name. `script` answers a request in its place: a status, or an error."""

    heard: list[Heard] = field(default_factory=list)
    lists: dict[str, bytes] = field(default_factory=dict)
    script: Callable[[Heard], tuple[int, object] | None] = lambda _: None
    files: dict[str, bytes] = field(default_factory=dict)
    url: str = ""

    def answer(self, heard: Heard) -> tuple[int, object]:
        self.heard.append(heard)
        if (scripted := self.script(heard)) is not None:
            return scripted
        if heard.method == "PUT":
            self.files[heard.path] = heard.body
            return 200, ""
        if heard.path == "/get_custom_list_segment_url":
            path = f"/bucket/{len(self.heard)}%2Flist?X-Amz-Credential=a%2Fb&X-Amz-Signature=00"
            return 200, {
                "presignedS3URL": f"{self.url}{path}",
                "expiry": "1 May, 10:00 AM",
                "status": "success",
            }
        return self.commit(json.loads(heard.body))

    def commit(self, asked: dict[str, Any]) -> tuple[int, object]:
        file = self.files.get(asked["url"].removeprefix(self.url))
        if file is None:
            return 400, {"status": "fail", "error": "no file", "code": 400}
        if asked["name"] in self.lists and not asked["replace"]:
            return 409, {"status": "fail", "error": "duplicate_name", "code": 409}
        self.lists[asked["name"]] = file
        return 200, {"Segment ID": 7, "status": "success"}

    @property
    def listed(self) -> list[str]:
        """Members of the list."""
        return sorted(line[2:] for line in self.lists["Jazz buyers"].decode().splitlines()[1:])

    @property
    def steps(self) -> list[str]:
        short = {"/get_custom_list_segment_url": "url"}
        return ["put" if h.method == "PUT" else short.get(h.path, "commit") for h in self.heard]


@contextlib.contextmanager
def list_server() -> Iterator[ListServer]:
    state = ListServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard = Heard(self.command, self.path, dict(self.headers.items()), body)
            try:
                status, value = state.answer(heard)
            except ConnectionError:  # the script cuts the connection without an answer
                self.close_connection = True
                return
            text = value.encode() if isinstance(value, str) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _do  # noqa: N815 -- names of http.server

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def once(step: str, answer: Any) -> Callable[[Heard], Any]:
    """Answers the first request of that step so, or cuts the connection with None."""
    used: list[bool] = []

    def script(heard: Heard) -> Any:
        name = "put" if heard.method == "PUT" else heard.path.rpartition("_")[2]
        if name != {"url": "url", "put": "put", "commit": "completed"}[step] or used:
            return None
        used.append(True)
        if answer is None:
            raise ConnectionError
        return answer

    return script


class SegmentSync:
    """A segment with its state in a folder, delivered run after run."""

    def __init__(self, folder: Path, server: ListServer, policy: Policy = SEGMENT) -> None:
        self.folder = folder
        self.server = server
        self.policy = policy
        self.runs = 0
        self.client: Client | None = None
        self.destination = Destination(
            name=f"account-{account_label(str(folder))}",
            base_url=server.url,
            account_id="ACC",
            passcode=SecretStr("secret"),
        )
        self.home = folder / "state" / self.destination.name / policy.sync

    def request(self, rows: Sequence[Row], **options: Any) -> DeliveryRequest:
        self.runs += 1
        source = snapshot(self.folder / f"valid-{self.runs}.parquet", rows)
        known = keys(self.folder / f"keys-{self.runs}.parquet", rows)
        settings: dict[str, Any] = {
            "home": self.home,
            "valid": source,
            "keys": known,
            "policy": self.policy,
            "run": f"run-{self.runs}",
            "at": NOW,
        }
        return DeliveryRequest(**settings | options)

    def run(self, rows: Sequence[Row], **options: Any) -> DeliveryResult:
        return self.send(self.request(rows, **options))

    def send(self, request: DeliveryRequest) -> DeliveryResult:
        assert self.client
        return deliver(request, self.client, rng=Random(7), retry=IMPATIENT)
