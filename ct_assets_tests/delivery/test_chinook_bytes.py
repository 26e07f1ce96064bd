"""Each object from rows of Chinook to the exact bytes of its requests, at a server of the tests.

Segments have the same in test_segment.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from ct_assets.clevertap.client import Client
from ct_assets.delivery import Policy
from ct_assets.sql import literal
from ct_assets_tests.delivery.segment_kit import Heard, ListServer, SegmentSync, list_server
from ct_assets_tests.mapping.splitting import run

ROOT = Path(__file__).parents[2]
TABLES = ("customer", "invoice", "invoiceline", "track", "album", "artist", "genre")
PURCHASES = (ROOT / "ct_assets/defs/chinook/purchase.sql").read_text()
DEVICES = """
select '__' || CustomerId as device, 'token-' || CustomerId as token, 'Android' as platform
from customer
"""
TOKENS = {
    "name": "devices",
    "object": "token",
    "source": "chinook/device",
    "identify_by": [{"objectId": "device"}],
    "fields": {"token": "token", "type": {"column": "platform", "map": {"Android": "fcm"}}},
}
MAILS = "select Email as mail, Country <> 'Germany' as wanted from customer"
SUBSCRIPTIONS = {
    "name": "mailing",
    "object": "subscription",
    "source": "chinook/mail",
    "identify_by": [{"email": "mail"}],
    "fields": {"status": "wanted"},
}


def example(sync: str) -> dict[str, Any]:
    text = (ROOT / "ct_assets/defs" / sync / "defs.yaml").read_text()
    declared: dict[str, Any] = yaml.safe_load(text)["attributes"]
    return declared


def rows(query: str) -> pl.DataFrame:
    with duckdb.connect() as warehouse:
        for table in TABLES:
            file = literal(str(ROOT / "data" / "chinook" / f"{table}.csv"))
            warehouse.execute(f"create view {table} as from read_csv({file})")
        first: pl.DataFrame = warehouse.sql(query).limit(2).pl()
        return first


@pytest.fixture
def server() -> Iterator[ListServer]:
    def envelope(heard: Heard) -> tuple[int, object]:
        records = len(json.loads(heard.body)["d"])
        return 200, {"status": "success", "processed": records, "unprocessed": []}

    with list_server() as opened:
        opened.script = envelope
        yield opened


PROFILES = (
    '{"d":[{"type":"profile","identity":"1","profileData":{"Name":"Luís Gonçalves",'
    '"Email":"luisg@embraer.com.br","Phone":"+551239235555",'
    '"Company":"Embraer - Empresa Brasileira de Aeronáutica S.A.","MSG-email":true}},'
    '{"type":"profile","identity":"2","profileData":{"Name":"Leonie Köhler",'
    '"Email":"leonekohler@surfeu.de","Phone":"+497112842222","MSG-email":true}}]}'
)
EVENTS = (
    '{"d":[{"type":"event","identity":"2","ts":1609459200,"evtName":"Charged","evtData":{'
    '"Amount":1.98,"Charged ID":1,"City":"Stuttgart","Items":['
    '{"Track":"Balls to the Wall","Artist":"Accept","Genre":"Rock","Unit price":0.99,"Quantity":1},'
    '{"Track":"Restless and Wild","Artist":"Accept","Genre":"Rock","Unit price":0.99,"Quantity":1}'
    ']}},{"type":"event","identity":"4","ts":1609545600,"evtName":"Charged","evtData":{'
    '"Amount":3.96,"Charged ID":2,"City":"Oslo","Items":['
    '{"Track":"Put The Finger On You","Artist":"AC/DC","Genre":"Rock","Unit price":0.99,'
    '"Quantity":1},'
    '{"Track":"Inject The Venom","Artist":"AC/DC","Genre":"Rock","Unit price":0.99,"Quantity":1},'
    '{"Track":"Evil Walks","Artist":"AC/DC","Genre":"Rock","Unit price":0.99,"Quantity":1},'
    '{"Track":"Breaking The Rules","Artist":"AC/DC","Genre":"Rock","Unit price":0.99,'
    '"Quantity":1}]}}]}'
)


@pytest.mark.parametrize(
    ("declared", "query", "path", "body"),
    [
        (example("customers"), "from customer", "/1/upload", PROFILES),
        (example("purchases"), PURCHASES, "/1/upload", EVENTS),
        (
            TOKENS,
            DEVICES,
            "/1/upload",
            '{"d":[{"type":"token","objectId":"__1","tokenData":{"id":"token-1","type":"fcm"}},'
            '{"type":"token","objectId":"__2","tokenData":{"id":"token-2","type":"fcm"}}]}',
        ),
        (
            SUBSCRIPTIONS,
            MAILS,
            "/1/subscribe",
            '{"d":[{"type":"email","value":"luisg@embraer.com.br","status":"Resubscribe"},'
            '{"type":"email","value":"leonekohler@surfeu.de","status":"Unsubscribe"}]}',
        ),
    ],
    ids=["profiles", "events", "tokens", "subscriptions"],
)
def test_the_bytes_of_every_request(
    tmp_path: Path,
    server: ListServer,
    declared: Mapping[str, Any],
    query: str,
    path: str,
    body: str,
) -> None:
    policy = Policy(sync=declared["name"], object=declared["object"], declaration="d1")
    if policy.object == "event":
        policy = replace(policy, event_key="InvoiceId")
    sync = SegmentSync(tmp_path, server, policy)
    outcome = run({name: declared[name] for name in declared if name != "tests"}, rows(query))
    with Client(sync.destination) as sync.client:
        result = sync.run(outcome.valid.to_dicts())
        again = sync.run(outcome.valid.to_dicts())

    (heard,) = server.heard
    assert (heard.method, heard.path, heard.body.decode()) == ("POST", path, body)
    assert heard.headers == {
        "Host": server.url.removeprefix("http://"),
        "User-Agent": "ct-assets",
        "Accept-Encoding": "identity",
        "X-CleverTap-Account-Id": "ACC",
        "X-CleverTap-Passcode": "secret",
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body.encode())),
    }
    assert (result.counts.acked, again.counts.unchanged, result.counts.violations()) == (2, 2, [])
