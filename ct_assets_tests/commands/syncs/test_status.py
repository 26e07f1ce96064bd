from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import ScheduleInstigatorData

from ct_assets.commands.support.status_table import sums
from ct_assets.commands.syncs.status import next_run, trigger
from ct_assets.delivery.state.sync_lock import locked
from ct_assets.mapping import parse
from ct_assets.row_counts import DeliveryCounts, OutcomeCounts
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.commands.kit import Shop
from ct_assets_tests.components import kit
from ct_assets_tests.sources.elsewhere import opened_elsewhere

pytestmark = pytest.mark.sampled(4)

NOW = datetime(2026, 3, 28, 12, tzinfo=UTC)


def test_before_the_first_run(shop: Shop) -> None:
    customers, purchases = shop.json("status")

    assert (customers["sync"], purchases["sync"]) == ("customers", "purchases")
    assert customers["destination"] == "the sandbox, which has not run yet"
    assert (customers["last_run"], customers["counts"], customers["held"]) == (None, {}, {})
    assert (purchases["trigger"], purchases["next_run"]) == ("by hand", None)
    assert "never" in shop.said("status")
    assert not (shop.data / "sandbox").exists()
    assert shop.digests("state", "staging") == {}


def test_after_runs(shop: Shop, account: SandboxInTest) -> None:
    account.faults.script("ok", "503-stored")
    assert shop.run("customers")
    assert shop.run("purchases")
    before = shop.digests("state", "staging")

    customers, purchases = shop.json("status")

    assert (customers["last_run"]["status"], customers["last_run"]["outcome"]) == ("ended", "ended")
    assert (customers["acked"], customers["acknowledged"]) == (2, 2)
    assert customers["counts"] == {
        "source": 4, "cut": 1, "superseded": 0, "rejected": 1, "valid": 2, "unchanged": 0,
        "held": 0, "planned": 2, "acked": 2, "refused": 0, "unknown": 0, "unsent": 0, "removed": 0,
        "parked": 0,
    }  # fmt: skip
    assert (purchases["acknowledged"], purchases["held"]) == (0, {"parked": 2})
    assert purchases["notes"] == ["records wait for a person: ct-assets parked purchases"]
    assert f"{account.account_id} at 127.0.0.1" in shop.said("status")
    assert shop.digests("state", "staging") == before


def test_a_sync_that_would_go_nowhere_does_not_hide_the_others(shop: Shop) -> None:
    state = shop.data / "state" / "in1-ABC" / "purchases"
    state.mkdir(parents=True)
    (state / "state.duckdb").touch()

    customers, purchases = shop.json("status")

    assert customers["destination"] == "the sandbox, which has not run yet"
    assert purchases["destination"] == "none"
    assert purchases["notes"] == [
        "purchases was delivered to in1-ABC before, and now no account is named: set "
        "CLEVERTAP_ACCOUNT_ID, CLEVERTAP_PASSCODE and CLEVERTAP_REGION in the environment of the "
        "process that runs the sync, or CT_DESTINATION=sandbox if that is meant. Nothing was sent"
    ]


@pytest.mark.usefixtures("account")
def test_a_state_that_is_open_elsewhere_does_not_hide_the_others(shop: Shop) -> None:
    assert shop.run("customers")
    assert shop.run("purchases")
    (state,) = shop.data.glob("state/*/purchases/state.duckdb")

    with opened_elsewhere(state) as (holder, _):
        customers, purchases = shop.json("status")
        sent = shop.call("run", "purchases").output

    assert customers["acknowledged"] == 2
    open_there = f"state.duckdb is open in {holder}, and no run can use it until it is closed there"
    kept = f"{open_there}; its state is in {state.parent}. Nothing recorded is lost: "
    assert purchases["notes"] == [f"{kept}mend this and run again"]
    assert f"purchases: {kept}mend this and run again" in sent


@pytest.mark.usefixtures("account")
def test_what_a_person_should_know(shop: Shop) -> None:
    assert shop.run("customers")
    shop.declare("customers", "max_rejected: 0.5", "max_rejected: 0.1")
    assert not shop.run("customers")
    shop.declare("customers", "Name: name", "Nick: name")
    (home,) = (shop.data / "state").glob("*/customers")

    with locked(home):
        customers, _ = shop.json("status")

    under_way, gate, edited = customers["notes"]
    assert under_way == "a run is under way"
    assert gate.startswith("not sent: 1 of 3 rows are rejected (33.3%)")
    assert edited == "its declaration was edited since: ct-assets plan customers"


@pytest.mark.usefixtures("account")
def test_runs_of_dagster_home(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    shop.declare("customers", "max_rejected: 0.5", "max_rejected: 0.1")
    assert not shop.run("customers", kept=True)

    customers, purchases = shop.json("status")

    assert customers["last_run"]["status"] == "failure"
    assert purchases["last_run"] is None


def test_what_was_stopped_in_the_ui(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "dagster"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    shop.declare("purchases", "  identify_by:", "  trigger: on_change\n  identify_by:")
    with dg.DagsterInstance.get() as instance:
        cron = ScheduleInstigatorData("0 6 * * *")
        kit.stop(instance, "customers_schedule", InstigatorType.SCHEDULE, cron)
        kit.stop(instance, "purchases_on_change", InstigatorType.SENSOR)
        kit.stop(instance, "automation", InstigatorType.SENSOR)

    customers, purchases = shop.json("status")

    assert customers["trigger"] == "stopped: 0 6 * * * Europe/Rome"
    assert customers["next_run"] is None
    said = "{} is stopped in Dagster; start it there, under Automation"
    assert said.format("customers_schedule") in customers["notes"]
    assert purchases["trigger"] == "stopped: when shop/purchase changes"
    assert purchases["notes"] == [said.format("automation"), said.format("purchases_on_change")]


def test_a_dagster_home_that_is_none(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere"))

    result = shop.call("status")

    assert result.exit_code == 1
    assert "nowhere cannot be used" in result.output


@pytest.mark.usefixtures("account")
def test_a_narrow_screen(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop.run("customers")
    monkeypatch.setattr("ct_assets.commands.support.output.PIPED_WIDTH", 80)

    said = shop.said("status").splitlines()

    assert max(map(len, said)) <= 80
    assert [" ".join(line.split()) for line in (said[0], *said[4:9])] == [
        "customers",
        "in CleverTap 2",
        "last delivery 4 source = 2 valid + 1 rejected + 1 cut",
        "2 valid = 2 planned",
        "2 planned = 2 acked",
        "",
    ]


def test_the_sums_leave_out_counts_of_0() -> None:
    nothing = DeliveryCounts(
        source=0, unchanged=0, held={}, new=0, changed=0,
        sent=OutcomeCounts(), removed=0, removals=OutcomeCounts(),
    )  # fmt: skip
    counts = replace(nothing, source=1200, valid=1200, unchanged=1200)

    assert list(sums(counts)) == ["1,200 source = 1,200 valid", "1,200 valid = 1,200 unchanged"]
    assert list(sums(nothing)) == []


CRON = {"cron": "0 6 * * *", "timezone": "Europe/Rome"}


@pytest.mark.parametrize(
    ("declared", "told", "due"),
    [
        ({}, "by hand", None),
        # The night of the 29th has summer time begin: six in Rome is four in UTC then.
        ({"trigger": CRON}, "0 6 * * * Europe/Rome", datetime(2026, 3, 29, 4, tzinfo=UTC)),
        ({"trigger": CRON, "paused": True}, "paused: 0 6 * * * Europe/Rome", None),
        ({"trigger": "0 0 31 apr,jun *"}, "0 0 31 apr,jun * UTC", None),
        ({"trigger": "on_change"}, "when shop/customer changes", None),
    ],
)
def test_triggers(declared: dict[str, Any], told: str, due: datetime | None) -> None:
    sync = parse(
        {
            "name": "customers",
            "object": "profile",
            "source": "shop/customer",
            "identify_by": [{"identity": "id"}],
            "fields": {"Name": "name"},
            **declared,
        }
    )

    assert (trigger(sync), next_run(sync, NOW)) == (told, due)
