"""An OpenTelemetry collector on loopback, which keeps what it receives by OTLP."""

import contextlib
import gzip
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

UNPACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}


class Receiver:
    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        """Statuses and headers that come first; a message that is not answered with 200 is none."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
                receiver.headers.append(dict(self.headers.items()))
                if status == 200:
                    unpack = UNPACKED.get(self.headers.get("Content-Encoding", ""), bytes)
                    receiver.bodies.append((self.path, unpack(body)))
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def points(self) -> list[tuple[str, dict[str, str], Any]]:
        """Name, attributes and data point of each figure, in the order of arrival."""
        found: list[tuple[str, dict[str, str], Any]] = []
        for path, body in self.bodies:
            if path.endswith("metrics"):
                for each in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    for metric in each.scope_metrics[0].metrics:
                        kind = metric.WhichOneof("data")
                        found += [
                            (metric.name, _texts(point.attributes), point)
                            for point in getattr(metric, str(kind)).data_points
                        ]
        return found

    def sums(self, name: str, by: str) -> dict[str, int]:
        """The total of a counter by one of its attributes."""
        sums: dict[str, int] = {}
        for found, attributes, point in self.points:
            if found == name:
                sums[attributes[by]] = sums.get(attributes[by], 0) + point.as_int
        return sums

    def resources(self) -> list[dict[str, str]]:
        """Attributes of what sends figures, message by message."""
        return [
            _texts(each.resource.attributes)
            for path, body in self.bodies
            if path.endswith("metrics")
            for each in ExportMetricsServiceRequest.FromString(body).resource_metrics
        ]

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for path, body in self.bodies
            if path == "/v1/traces"
            for each in ExportTraceServiceRequest.FromString(body).resource_spans
            for span in each.scope_spans[0].spans
        ]


def _texts(attributes: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in attributes}


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()
