"""Answers on loopback as BigQuery's REST API does, by its reference, to queries that it knows."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
PROJECT = "shop-project"


@dataclass
class BigqueryServer:
    address: str = ""
    answers: dict[str, tuple[Sequence[Json], Sequence[Sequence[Any]]]] = field(default_factory=dict)
    """By a part of the query: the schema's fields, and the rows' values as JSON has them."""
    errors: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    """By a part of the query: status, reason and message; a dry run fails only at status 404."""
    page: int = 2
    jobs: list[Json] = field(default_factory=list)
    """The configurations of the jobs that were asked for."""

    @property
    def url(self) -> str:
        return f"bigquery://{PROJECT}/shop?api_endpoint={self.address}"

    def answer(self, path: str, query: Mapping[str, str], body: Json) -> tuple[int, Json]:
        if path.endswith("/jobs"):
            return self._job(body["configuration"])
        if path.endswith("/tables"):
            return 200, {"tables": [{"tableReference": _table("person")}]}
        number = int(query.get("job") or re.findall(r"job(\d+)", path)[0])
        schema, rows = self._known(self.jobs[number])
        begin = int(query.get("pageToken", "0"))
        size = min(self.page, int(query.get("maxResults", self.page)))
        page: Json = {
            "rows": [{"f": [_value(v) for v in row]} for row in rows[begin : begin + size]],
            "totalRows": str(len(rows)),
        }
        if begin + size < len(rows):
            page["pageToken"] = str(begin + size)
        if "/queries/" in path:
            page |= {
                "jobComplete": True,
                "schema": {"fields": schema},
                "jobReference": _job(number),
            }
        elif "/data" not in path:
            return 200, self._done(number)
        return 200, page

    def _job(self, configuration: Json) -> tuple[int, Json]:
        query, dry_run = configuration["query"]["query"], configuration.get("dryRun", False)
        for part, (status, reason, message) in self.errors.items():
            if part in query and (not dry_run or status == 404):
                errors = [{"reason": reason, "message": message}]
                return status, {"error": {"code": status, "message": message, "errors": errors}}
        self.jobs.append(configuration)
        return 200, self._done(len(self.jobs) - 1)

    def _done(self, number: int) -> Json:
        configuration = self.jobs[number]
        kind = "SELECT" if "select" in configuration["query"]["query"] else "DELETE"
        fields, _ = self._known(configuration) if kind == "SELECT" else ([], [])
        statistics = {"statementType": kind, "schema": {"fields": fields}}
        destination = {"destinationTable": _table(f"job{number}")}
        return {
            "jobReference": _job(number),
            "status": {"state": "DONE"},
            "configuration": {"query": configuration["query"] | destination},
            "statistics": {"query": statistics},
        }

    def _known(self, configuration: Json) -> tuple[Sequence[Json], Sequence[Sequence[Any]]]:
        query = configuration["query"]["query"]
        return next(answer for part, answer in self.answers.items() if part in query)


def _job(number: int) -> Json:
    return {"projectId": PROJECT, "jobId": f"job{number}", "location": "EU"}


def _table(name: str) -> Json:
    return {"projectId": PROJECT, "datasetId": "shop", "tableId": name}


def _value(value: Any) -> Json:
    return {"v": [_value(each) for each in value] if isinstance(value, list) else value}


@contextlib.contextmanager
def bigquery_server() -> Iterator[BigqueryServer]:
    known = BigqueryServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(size) or b"{}")
            path, _, query = self.path.partition("?")
            options = dict(part.split("=", 1) for part in query.split("&") if part)
            status, answer = known.answer(path, options, body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()
