"""No passcode and no value of a row in what any channel is told, whatever goes wrong in a run."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ct_assets.components.alerts.alert_sensors import alert_sensors
from ct_assets.components.alerts.channel import AlertChannel
from ct_assets.components.alerts.mail import Mail
from ct_assets.components.alerts.pager import Pager
from ct_assets.components.alerts.webhook import Webhook
from ct_assets.sandbox.faults import FaultName
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.components import kit
from ct_assets_tests.components.alerts.receivers import EVENTS, PagerDutyService, mail_server
from ct_assets_tests.components.chat import listening

PASSCODE = "canary-passcode-9x7"
ROWS = "id,name,mail\ncanary1,Canary Ada,ada@canary.example\ncanary2,Canary Bob,bob canary\n"
LENIENT = kit.CUSTOMERS + "  max_rejected: 1\n  show_keys: plain\n"
SOURCE = {"shop/defs.yaml": kit.SOURCE}
LEAKY = {
    "shop/assets.py": """
import dagster as dg
import polars as pl

@dg.asset(key=["shop", "customer"], io_manager_key="ct_staging")
def customer() -> pl.DataFrame:
    raise ValueError("no room for <ada@canary.example>")
"""
}
CASES: dict[str, tuple[dict[str, str], str, tuple[FaultName, ...], str]] = {
    "rejected": (SOURCE, LENIENT, (), "rejected share"),
    "the gate is shut": (SOURCE, kit.CUSTOMERS, (), "failure"),
    "an exception quotes a row": (LEAKY, LENIENT, (), "failure"),
    "the passcode is revoked": (SOURCE, LENIENT, ("revoked",) * 9, "failure"),
}
Received = Callable[[], list[list[Any]]]


@pytest.fixture
def channels() -> Iterator[tuple[dict[str, AlertChannel], Received]]:
    """All kinds of them, and what each received."""
    EVENTS.clear()
    with listening() as chat, listening() as program, mail_server() as (port, mails):
        mail = Mail(
            host="127.0.0.1", port=port, security="none", sender="ct@b.example", to=["on@b.example"]
        )
        kinds: dict[str, AlertChannel] = {
            "ct_alerts": Webhook(url=chat.url),
            "ct_alerts_json": Webhook(url=program.url, format="json"),
            "ct_alerts_mail": mail,
            "ct_alerts_pager": Pager(service=PagerDutyService(routing_key="key")),
        }
        yield kinds, lambda: [chat.bodies, program.bodies, mails, EVENTS]


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(passcode=PASSCODE)], indirect=True, ids=["canary"]
)
@pytest.mark.parametrize("case", CASES)
def test_no_channel_is_told_a_value(
    case: str,
    channels: tuple[dict[str, AlertChannel], Received],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clevertap_sandbox: SandboxInTest,
) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLEVERTAP_API_URL", clevertap_sandbox.url)
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", clevertap_sandbox.account_id)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", PASSCODE)
    (tmp_path / "customer.csv").write_text(ROWS)
    source, sync, faults, about = CASES[case]
    clevertap_sandbox.faults.script(*faults)
    defs = kit.load(tmp_path, {**source, "customers/defs.yaml": sync})
    kinds, received = channels
    instance, cursors = dg.DagsterInstance.ephemeral(), dict[str, str | None]()
    look(defs, instance, kinds, cursors)

    defs.resolve_job_def("customers_sync").execute_in_process(
        instance=instance, raise_on_error=False
    )
    look(defs, instance, kinds, cursors)

    texts = [json.dumps(each) for each in received()]
    assert [about in text for text in texts] == [True] * len(kinds)
    assert [text for text in texts if "canary" in text.lower()] == []


def look(
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    channels: dict[str, AlertChannel],
    cursors: dict[str, str | None],
) -> None:
    """As the daemon does, until nothing is new."""
    for sensor in alert_sensors(channels=list(channels)):
        again = True
        while again:
            with dg.build_sensor_context(
                instance=instance,
                cursor=cursors.get(sensor.name),
                resources=channels,
                repository_def=defs.get_repository_def(),
            ) as context:
                ticked = sensor.evaluate_tick(context)
                reactions = ticked.dagster_run_reactions or []
                assert [reaction.error for reaction in reactions if reaction.error] == []
            cursors[sensor.name], again = ticked.cursor, bool(reactions)
