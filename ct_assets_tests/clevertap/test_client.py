import logging
import ssl
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from ct_assets.clevertap.client import Client, NoReply, Reply
from ct_assets.clevertap.destination import Destination, DestinationError
from ct_assets_tests.clevertap.client_kit import BODY, OK, upload
from ct_assets_tests.clevertap.wire import (
    Wire,
    answers,
    closed_port,
    http,
    loopback,
)


def far_away() -> Destination:
    return Destination(
        name="gate",
        base_url="https://gate.example.test",
        account_id="ABC-DEF-GHIJ",
        passcode=SecretStr("s3cret-passcode"),
    )


def test_upload_is_what_clevertap_documents() -> None:
    with Wire(answers(http(200, OK))).running() as wire, Client(wire.destination()) as client:
        answer = client.upload(BODY)

    assert isinstance(answer, Reply)
    assert (answer.host, answer.status, answer.body) == (f"127.0.0.1:{wire.port}", 200, OK)
    [request] = wire.requests
    assert request.head.startswith("POST /1/upload HTTP/1.1\r\n")
    assert request.header("X-CleverTap-Account-Id") == "ABC-DEF-GHIJ"
    assert request.header("X-CleverTap-Passcode") == "s3cret-passcode"
    assert request.header("Content-Type") == "application/json; charset=utf-8"
    assert request.body == BODY


def test_dry_run_and_deletion() -> None:
    with Wire(answers(http(200, OK))).running() as wire, Client(wire.destination()) as client:
        client.upload(BODY, dry_run=True)
        client.delete_profiles(["c-1", "é"])
        client.delete_profiles(["__a1"], "guid")

    assert [(r.head.partition(" HTTP")[0], r.body) for r in wire.requests] == [
        ("POST /1/upload?dryRun=1", BODY),
        ("POST /1/delete/profiles.json", '{"identity":["c-1","é"]}'.encode()),
        ("POST /1/delete/profiles.json", b'{"guid":["__a1"]}'),
    ]


def test_redirect_is_an_answer_and_is_not_followed() -> None:
    with Wire(answers(http(200, OK))).running() as other:
        target = f"http://127.0.0.1:{other.port}/"
        answer = upload(answers(http(307, "", Location=target)))

    assert isinstance(answer, Reply)
    assert answer.status == 307
    assert other.requests == []


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"Retry_After": "7"}, 7.0),
        (
            {
                "Retry_After": "Mon, 02 Jan 2023 10:00:09 GMT",
                "Date": "Mon, 02 Jan 2023 10:00:00 GMT",
            },
            9.0,
        ),
        (
            {
                "Retry_After": "Mon, 02 Jan 2023 10:00:09 -0000",
                "Date": "Mon, 02 Jan 2023 10:00:00 GMT",
            },
            9.0,
        ),
        ({"Retry_After": "soon"}, 0.0),
        ({"Retry_After": "-5"}, 0.0),
        (
            {
                "Retry_After": f"Mon, 02 Jan 2023 10:00:09 +{'9' * 20}",
                "Date": "Mon, 02 Jan 2023 10:00:00 GMT",
            },
            0.0,
        ),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float) -> None:
    answer = upload(answers(http(429, "", **headers)))

    assert isinstance(answer, Reply)
    assert answer.retry_after == seconds


def test_retry_after_of_several_headers_is_the_longest() -> None:
    several = http(429, "", Retry_After="10", retry_after="20", RETRY_AFTER="soon")

    answer = upload(answers(several))

    assert isinstance(answer, Reply)
    assert answer.retry_after == 20.0


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_retry_after_a_date_counts_from_now_if_the_reply_has_none(headers: dict[str, str]) -> None:
    day = "Fri, 01 Jan 2100 00:00:00 GMT"

    answer = upload(answers(http(429, "", Retry_After=day, **headers)))

    assert isinstance(answer, Reply)
    assert 1e8 < answer.retry_after < 3e9


def test_nothing_personal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    with Wire(answers(http(200, OK))).running() as wire, Client(wire.destination()) as client:
        client.upload(BODY)
        client.delete_profiles(["ada@example.test"])

    assert "Ada" not in caplog.text
    assert "ada" not in caplog.text
    assert "s3cret" not in caplog.text


def test_tls_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = Path(__file__).parent / "loopback.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Wire(answers(http(200, OK)), context).running() as wire:
        with Client(wire.destination()) as client:
            stranger = client.upload(BODY)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with Client(wire.destination()) as client:
            known = client.upload(BODY)

    assert isinstance(stranger, NoReply)
    assert not stranger.sent
    assert "certificate verify failed" in stranger.why
    assert isinstance(known, Reply)
    assert [request.body for request in wire.requests] == [BODY]


def test_proxies_are_taken_from_the_environment_except_on_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Wire(answers(http(502, ""))).running() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with Client(loopback(closed_port())) as client:
            client.upload(BODY)
        assert proxy.requests == []

        with Client(far_away()) as client:
            answer = client.upload(BODY)

    assert isinstance(answer, NoReply)
    assert not answer.sent
    assert [r.head.partition("\r\n")[0] for r in proxy.requests] == [
        "CONNECT gate.example.test:443 HTTP/1.1"
    ]
    assert "s3cret" not in proxy.requests[0].head


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("HTTPS_PROXY", "ftp://me:s3cret@gate.example.test", "ValueError"),
        ("SSL_CERT_FILE", "/nowhere/s3cret.pem", "FileNotFoundError"),
    ],
)
def test_an_environment_that_cannot_work(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, kind: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(DestinationError) as caught:
        Client(far_away())

    assert str(caught.value) == (
        f"cannot prepare connections to gate.example.test ({kind}); check HTTPS_PROXY, "
        f"ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR in the environment"
    )
    assert "s3cret" not in "".join(traceback.format_exception(caught.value))
