"""One upload to a server that behaves in one way."""

import time
from collections.abc import Callable

from ct_assets.clevertap.client import Answer, Client
from ct_assets_tests.clevertap.wire import (
    Behaviour,
    Wire,
)

BODY = b'{"d":[{"type":"profile","identity":"c-1","profileData":{"Name":"Ada"}}]}'
OK = b'{"status":"success","processed":1,"unprocessed":[]}'


def upload(behaviour: Behaviour, clock: Callable[[], float] = time.monotonic) -> Answer:
    with (
        Wire(behaviour).running() as wire,
        Client(wire.destination(), clock=clock) as client,
    ):
        return client.upload(BODY)
