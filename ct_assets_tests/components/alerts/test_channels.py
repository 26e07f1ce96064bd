"""Channels beside a chat, and states that last, by runs as Dagster's instance knows them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from ct_assets.components.alerts.alert import Alert
from ct_assets.components.alerts.alert_sensors import after_quiet_sensor, alert_sensors
from ct_assets.components.alerts.channel import AlertChannel, AlertError
from ct_assets.components.alerts.mail import Mail
from ct_assets.components.alerts.pager import Pager
from ct_assets.components.alerts.webhook import Webhook
from ct_assets_tests.components.alerts.receivers import EVENTS, PagerDutyService, mail_server
from ct_assets_tests.components.chat import Chat, listening

BEGUN = Alert(
    sync="customers",
    destination="in1-ABC",
    about=("failure",),
    severity="critical",
    what="the source is gone",
    todo="bring it back",
    run="r1",
    link="https://d.example/runs/r1",
)
OVER = Alert(
    sync="customers",
    destination="in1-ABC",
    about=("failure", "rejected_share"),
    severity="info",
    run="r2",
    link="https://d.example/runs/r2",
    is_over=True,
)
NOON, NIGHT = datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 22, tzinfo=UTC)


@pytest.fixture
def chat() -> Iterator[Chat]:
    with listening() as chat:
        yield chat


def test_a_program_gets_all_parts_of_an_alert_with_its_headers(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "Bearer t")
    declared = Webhook(
        url=chat.url, format="json", headers={"Authorization": dg.EnvVar("HOOK_TOKEN")}
    )
    with dg.build_resources({"hook": declared}) as made:
        made.hook.send(BEGUN)
        made.hook.send(OVER)

    assert chat.headers[0]["Authorization"] == "Bearer t"
    begun, over = chat.bodies
    assert begun == {
        "text": "customers to in1-ABC: failure\nthe source is gone\n"
        "What to do: bring it back.\nhttps://d.example/runs/r1",
        "sync": "customers",
        "destination": "in1-ABC",
        "about": ["failure"],
        "state": "begun",
        "severity": "critical",
        "what": "the source is gone",
        "todo": "bring it back",
        "run": "r1",
        "link": "https://d.example/runs/r1",
        "key": ["ct_assets/in1-ABC/customers/failure"],
    }
    assert (over["state"], over["key"][0]) == ("over", begun["key"][0])


@pytest.fixture
def mails() -> Iterator[tuple[int, list[str]]]:
    with mail_server() as served:
        yield served


def test_people_are_mailed(mails: tuple[int, list[str]]) -> None:
    port, received = mails
    mail = Mail(
        host="127.0.0.1",
        port=port,
        security="none",
        sender="ct@x.example",
        to=["on@x.example"],
    )

    mail.send(BEGUN)

    (text,) = received
    assert "Subject: [critical] customers to in1-ABC: failure" in text
    assert "the source is gone" in text


def test_a_mail_that_is_not_taken_is_told_without_addresses() -> None:
    lost = Mail(host="127.0.0.1", port=9, security="none", sender="a@x.example", to=["b@x.example"])

    with pytest.raises(AlertError, match=r"127\.0\.0\.1 did not take the mail \(Conn") as told:
        lost.send(BEGUN)

    assert "x.example" not in str(told.value)
    with pytest.raises(
        AlertError, match=r"security is none, and mail\.example is not this machine"
    ):
        Mail(host="mail.example", security="none", sender="a", to=["b"]).send(BEGUN)


def test_an_incident_is_raised_and_resolved_under_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTING", "key-1")
    EVENTS.clear()
    service = PagerDutyService(routing_key=dg.EnvVar("ROUTING"))
    with dg.build_resources({"pager": Pager(service=service)}) as made:
        made.pager.send(BEGUN)
        made.pager.send(OVER)

    key = "ct_assets/in1-ABC/customers/"
    assert [(e["event_action"], e["dedup_key"], e["severity"]) for _, e in EVENTS] == [
        ("trigger", f"{key}failure", "critical"),
        ("resolve", f"{key}failure", "info"),
        ("resolve", f"{key}rejected_share", "info"),
    ]
    assert {key for key, _ in EVENTS} == {"key-1"}


@pytest.mark.parametrize(
    ("settings", "severity", "now", "quiet"),
    [
        ({}, "info", NIGHT, False),
        ({"quiet": "22:00-07:00"}, "warning", NIGHT, True),
        ({"quiet": "22:00-07:00"}, "warning", NOON, False),
        ({"quiet": "22:00-07:00"}, "critical", NIGHT, False),
        ({"quiet": "08:00-09:00", "timezone": "Asia/Tokyo"}, "info", NIGHT, False),
        ({"quiet": "07:00-08:00", "timezone": "Asia/Tokyo"}, "info", NIGHT, True),
    ],
)
def test_quiet_hours(
    settings: dict[str, Any], severity: Any, now: datetime, *, quiet: bool
) -> None:
    assert Webhook(**settings).is_quiet(severity, now) is quiet


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"quiet": "night"}, "quiet: 'night' are no hours; write 22:00-07:00"),
        ({"quiet": "22:00-07:00", "timezone": "Roma"}, "timezone: 'Roma' is none"),
        ({"severity": "high"}, "severity: 'high' is none of info, warning, critical"),
    ],
)
def test_settings_that_mean_nothing_are_told(settings: dict[str, Any], why: str) -> None:
    channel = Webhook(**settings)
    with pytest.raises(AlertError) as told:
        channel.takes("info") and channel.is_quiet("info", NIGHT)

    assert why in str(told.value)


@dg.op
def sending(context: dg.OpExecutionContext) -> None:
    metadata: dict[str, Any] = {"destination": "in1-ABC", "clevertap/account": {"rows": ROWS}}
    asset = dg.AssetKey(["customers", "clevertap"])
    context.log_event(dg.AssetMaterialization(asset, metadata=metadata))


ROWS = {
    **dict.fromkeys(("rejected", "refused", "unknown", "parked", "planned"), 0),
    "valid": 9,
    "acked": 9,
}


@dg.job(name="customers_sync")
def customers_sync() -> None:
    sending()


class Daemon:
    """Runs, and the sensors as the daemon evaluates them, each with its cursor."""

    def __init__(self, **channels: AlertChannel) -> None:
        self.channels = channels
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursors: dict[str, str | None] = {}
        self.restart()
        self.tick()

    def restart(self) -> None:
        self.defs = dg.Definitions(
            jobs=[customers_sync], sensors=alert_sensors(channels=list(self.channels))
        )

    def succeed(self) -> None:
        customers_sync.execute_in_process(instance=self.instance)

    def fail(self) -> None:
        started = dg.DagsterRunStatus.STARTED
        run = self.instance.create_run_for_job(customers_sync, status=started)
        self.instance.report_run_failed(run, "the source is gone")

    def tick(self) -> None:
        for sensor in self.defs.get_repository_def().sensor_defs:
            with dg.build_sensor_context(
                instance=self.instance,
                cursor=self.cursors.get(sensor.name),
                resources=self.channels,
                repository_def=self.defs.get_repository_def(),
            ) as context:
                while reactions := (ticked := sensor.evaluate_tick(context)).dagster_run_reactions:
                    assert [r.error for r in reactions if r.error] == []
                    context.update_cursor(ticked.cursor)
                self.cursors[sensor.name] = ticked.cursor


def first_lines(chat: Chat) -> list[str]:
    return [text.splitlines()[0] for text in chat.texts]


@pytest.mark.parametrize("runs", [8, pytest.param(100, marks=pytest.mark.long)])
def test_many_failing_runs_and_a_recovery_are_two_messages(chat: Chat, runs: int) -> None:
    daemon = Daemon(ct_alerts=Webhook(url=chat.url))
    for number in range(runs):
        daemon.fail()
        if number % (runs // 4) == 0:
            daemon.tick()
            daemon.restart()  # nothing is kept in its process
    daemon.succeed()
    daemon.tick()

    assert first_lines(chat) == ["customers: failure", "customers: well again"]


def test_each_channel_has_its_own_least_severity_and_memory(chat: Chat) -> None:
    with listening() as pager:
        channels = {
            "ct_alerts": Webhook(url=chat.url),
            "ct_alerts_night": Webhook(url=pager.url, severity="critical"),
        }
        daemon = Daemon(**channels)
        ROWS.update(parked=2)
        daemon.succeed()
        daemon.tick()
        daemon.fail()
        daemon.tick()
        ROWS.update(parked=0)
        daemon.succeed()
        daemon.tick()

        assert first_lines(chat) == [
            "customers: parked",
            "customers: failure",
            "customers: well again",
        ]
        assert chat.texts[-1].splitlines()[1] == "over: failure and parked"
        assert first_lines(pager) == ["customers: failure", "customers: well again"]


def test_what_begins_in_quiet_hours_is_told_after_them_unless_it_is_over(
    chat: Chat,
) -> None:
    daemon = Daemon(ct_alerts=Webhook(url=chat.url, quiet="00:00-23:59:59.999999"))
    ROWS.update(parked=2)
    daemon.succeed()
    daemon.tick()
    assert chat.texts == []

    sensor = after_quiet_sensor(["ct_alerts"])
    daemon.channels = {"ct_alerts": Webhook(url=chat.url)}
    for _ in range(2):
        with dg.build_sensor_context(
            instance=daemon.instance, resources=daemon.channels
        ) as context:
            sensor.evaluate_tick(context)
    ROWS.update(parked=0)
    daemon.succeed()
    daemon.tick()

    assert first_lines(chat) == ["customers: parked", "customers: well again"]
