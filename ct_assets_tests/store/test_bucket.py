import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ct_assets.sources.far_files.object_store import ObjectStore
from ct_assets.sources.formats.source_format import FileError

ANSWERS = {
    "shut": (403, "<Error><Code>AccessDenied</Code><Message>canary</Message></Error>"),
    "strange": (401, "<Error><Code>InvalidToken</Code><Message>canary</Message></Error>"),
    "none": (404, "<Error><Code>NoSuchBucket</Code><Message>canary</Message></Error>"),
}


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, text = ANSWERS[self.path.strip("/").partition("?")[0]]
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """It says nothing."""


@pytest.fixture
def _server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("_server")
@pytest.mark.parametrize(
    ("bucket", "told"),
    [
        (
            "shut",
            "the credentials in the environment may not list or read bucket shut: allow them to, "
            "or set those of a user who may",
        ),
        ("strange", "the credentials in the environment are not accepted: set valid ones"),
        ("none", "there is no bucket none: correct its name, or the region or endpoint"),
    ],
)
def test_a_refusal_says_what_to_do(bucket: str, told: str) -> None:
    with pytest.raises(FileError) as caught:
        ObjectStore(f"s3://{bucket}/*.csv").files()

    assert str(caught.value) == f"s3://{bucket}/*.csv: {told}"
