"""What a chat is told: by real sensors, of real runs, through a real webhook on loopback."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from ct_assets.components.alerts.alert_sensors import alert_sensors
from ct_assets.components.alerts.budgets import Budgets
from ct_assets.components.alerts.webhook import Webhook
from ct_assets.components.runs import sync_runs
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit
from ct_assets_tests.components.chat import Chat, listening

pytestmark = pytest.mark.sampled(4)

CSV = "id,name,mail\n1,Ada,ada@example.org\n2,Bob,bob@example.org\n3,Evelyn,evelyn at example.org\n"
SOURCE = {"shop/defs.yaml": kit.SOURCE}
LENIENT = kit.CUSTOMERS + "  max_rejected: 0.5\n"


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    monkeypatch.setenv("CT_DAGSTER_URL", "https://dagster.example/")
    with listening() as chat:
        monkeypatch.setenv("CT_ALERTS_URL", chat.url)
        yield chat


class Shop:
    """A project, its instance, and the sensors as the daemon evaluates them."""

    def __init__(self, root: Path, sync: str, source: Mapping[str, str] = SOURCE) -> None:
        (root / "customer.csv").write_text(CSV)
        self.defs = kit.load(root, {"customers/defs.yaml": sync, **source})
        self.instance = dg.DagsterInstance.ephemeral()
        self._cursors: dict[str, str | None] = {}
        self.look()

    def run(self, *keys: str) -> dg.ExecuteInProcessResult:
        if keys:
            return kit.run(self.defs, *keys, instance=self.instance)
        job = self.defs.resolve_job_def("customers_sync")
        return job.execute_in_process(instance=self.instance, raise_on_error=False)

    def look(self, *sensors: dg.SensorDefinition) -> list[str]:
        """What the sensors say that went wrong with them."""
        found = sensors or [
            s for s in self.defs.get_repository_def().sensor_defs if s.name.startswith("alert_")
        ]
        return [error for sensor in found for error in self._evaluate(sensor)]

    def _evaluate(self, sensor: dg.SensorDefinition) -> Iterator[str]:
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self._cursors.get(sensor.name),
            resources={"ct_alerts": Webhook()},
        )
        ticked = sensor.evaluate_tick(context)
        self._cursors[sensor.name] = ticked.cursor
        reactions = ticked.dagster_run_reactions or []
        for reaction in reactions:
            if reaction.error:
                yield reaction.error.to_string()
        if reactions:
            yield from self._evaluate(sensor)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    return tmp_path


def test_a_sync_that_failed_is_told_with_reason_and_link(root: Path, chat: Chat) -> None:
    shop = Shop(root, kit.CUSTOMERS)
    run = shop.run().run_id
    to = shop.instance.get_runs()[0].tags["clevertap/destination"]

    assert shop.look() == []

    assert chat.texts == [
        f"customers to {to}: failure\n"
        "the check rejected_share of customers/valid fails: 1 of 3 rows are rejected (33.3%), more "
        "than max_rejected (10.0%)\n"
        "What to do: read the log of the run; the next one goes on from where it ended.\n"
        f"https://dagster.example/runs/{run}"
    ]


def test_what_is_known_is_not_told_again_until_it_was_well_between(root: Path, chat: Chat) -> None:
    shop = Shop(root, kit.CUSTOMERS)
    for _ in range(2):
        shop.run()
        shop.look()
    assert len(chat.texts) == 1

    (root / "customer.csv").write_text(CSV.replace(" at ", "@"))
    assert shop.run().success
    (root / "customer.csv").write_text(CSV)
    shop.run()

    assert shop.look() == []
    assert states(chat) == ["failure", "well again", "failure"]


def states(chat: Chat) -> list[str]:
    return [text.splitlines()[0].partition(": ")[2] for text in chat.texts]


def test_many_failures_and_a_recovery_are_two_messages(root: Path, chat: Chat) -> None:
    shop = Shop(root, kit.CUSTOMERS)
    for _ in range(3):
        shop.run()
        shop.look()
    (root / "customer.csv").write_text(CSV.replace(" at ", "@"))
    well = shop.run().run_id
    to = shop.instance.get_runs()[0].tags["clevertap/destination"]
    assert shop.look() == []
    shop.run()

    assert shop.look() == []
    assert [text.splitlines()[0] for text in chat.texts[:1]] == [f"customers to {to}: failure"]
    assert chat.texts[1:] == [
        f"customers to {to}: well again\nover: failure\nhttps://dagster.example/runs/{well}"
    ]


def test_a_run_that_makes_a_part_of_a_sync_ends_no_state(root: Path, chat: Chat) -> None:
    shop = Shop(root, kit.CUSTOMERS)
    shop.run()
    shop.look()
    (root / "customer.csv").write_text(CSV.replace(" at ", "@"))
    assert shop.run("shop/customer", "customers/valid", "customers/rejected").success

    assert shop.look() == []
    assert len(chat.texts) == 1


def test_a_source_that_fails_anew_is_told_anew(root: Path, chat: Chat) -> None:
    shop = Shop(root, kit.CUSTOMERS)
    file = root / "customer.csv"
    for rows in (None, None, CSV, None):
        if rows is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(rows)
        assert shop.run("shop/customer").success is (rows is not None)
        assert shop.look() == []

    assert {text.partition(":")[0] for text in chat.texts} == {"shop/customer"}
    assert states(chat) == ["failure", "well again", "failure"]


def test_nothing_is_told_without_a_url_or_while_the_run_starts_again(
    root: Path, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(root, kit.CUSTOMERS)
    shop.instance.add_run_tags(shop.run().run_id, {"dagster/will_retry": "true"})
    shop.look()
    monkeypatch.delenv("CT_ALERTS_URL")
    shop.run()

    assert shop.look() == []
    assert chat.texts == []


def test_a_run_that_was_lost_is_told(
    root: Path, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(root, kit.CUSTOMERS)
    job = shop.defs.resolve_job_def("customers_sync")
    shop.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    monkeypatch.setattr(sync_runs, "SILENCE", timedelta(seconds=-1))

    sync_runs.end_lost(shop.instance, shop.defs.get_repository_def())

    assert shop.look() == []
    (text,) = chat.texts
    assert "customers: failure\nits process was lost: nothing was heard of it for " in text


LEAKY = """
import dagster as dg
import polars as pl

@dg.asset(key=["shop", "customer"], io_manager_key="ct_staging")
def customer() -> pl.DataFrame:
    raise ValueError("no room for <ada@example.org>")
"""


def test_texts_of_exceptions_stay_in_the_log(root: Path, chat: Chat) -> None:
    shop = Shop(root, kit.CUSTOMERS, {"shop/assets.py": LEAKY})
    shop.run()

    assert shop.look() == []

    (text,) = chat.texts
    assert "shop__customer ended with ValueError" in text
    assert "ada@" not in text


def test_budgets_of_a_run_that_succeeded(root: Path, chat: Chat) -> None:
    shop = Shop(root, LENIENT)
    run = shop.run()
    assert run.success, kit.failure(run)

    assert shop.look() == []

    assert chat.texts == [
        f"customers to {_destination(shop, run.run_id)}: rejected share\n"
        "33.3% of the rows are rejected, 1 in all (budget 5.0%)\n"
        "What to do: look at the reasons on customers/rejected.\n"
        f"https://dagster.example/runs/{run.run_id}"
    ]


def test_a_sync_may_have_budgets_of_its_own(root: Path, chat: Chat) -> None:
    shop = Shop(root, LENIENT)
    own = Budgets(rejected_share=None, records=1, data_points_a_month=3)
    _, on_budget = alert_sensors(by_sync={"customers": own})
    shop.look(on_budget)

    for name in ("Ada", "Eda", "Ida"):
        (root / "customer.csv").write_text(CSV.replace("Ada", name))
        assert shop.run().success
        assert shop.look(on_budget) == []

    assert [text.splitlines()[1] for text in chat.texts] == [
        "records sent by one run: 2 (budget 1)",
        "data points since the month began: about 4 (budget 3)",
    ]


def test_a_webhook_that_does_not_take_it_is_named_by_its_host(root: Path, chat: Chat) -> None:
    shop = Shop(root, kit.CUSTOMERS)
    shop.run()
    chat.answers = [503, 503]

    (error,) = shop.look()

    assert "CT_ALERTS_URL: the webhook at 127.0.0.1 answers HTTP 503; the alert is lost" in error
    assert "secret" not in error
    shop.run()
    assert shop.look() == []
    assert len(chat.texts) == 1


def _destination(shop: Shop, run: str) -> str:
    found = shop.instance.get_run_by_id(run)
    assert found
    return found.tags["clevertap/destination"]
