import itertools
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import dagster as dg
import polars as pl
import pytest

from ct_assets.clevertap.contract import MAX_RECORDS, Limits
from ct_assets.components.assets import sync_assets
from ct_assets.delivery import DeliveryFailed, DeliveryResult, deliver
from ct_assets.delivery.sender.sender import UNDER_WAY
from ct_assets.errors import mask
from ct_assets.io_managers import clevertap_io_manager
from ct_assets.io_managers.metadata.delivery_metadata import ProgressLog
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.staging import Staging
from ct_assets_tests.components import kit

pytestmark = pytest.mark.sampled(5)

CSV = "id,name,mail\n1,Ada,ada@example.org\n2,Bob,bob@example.org\n3,Evelyn,evelyn at example.org\n"
LENIENT = kit.CUSTOMERS + "  max_rejected: 0.5\n"


@pytest.fixture(autouse=True)
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLEVERTAP_API_URL", clevertap_sandbox.url)
    monkeypatch.setenv("CLEVERTAP_ACCOUNT_ID", clevertap_sandbox.account_id)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", clevertap_sandbox.passcode)
    (tmp_path / "customer.csv").write_text(CSV)
    return tmp_path


def load(root: Path, sync: str = LENIENT, **more: str) -> dg.Definitions:
    return kit.load(root, {"shop/defs.yaml": kit.SOURCE, "customers/defs.yaml": sync, **more})


def staged(root: Path, stage: str) -> pl.DataFrame:
    return Staging(root / "data" / "staging").current(("customers", stage)).scan().collect()


def metadata(result: dg.ExecuteInProcessResult, key: str) -> dict[str, dg.MetadataValue]:
    events = [e for e in result.all_events if e.is_step_materialization]
    asset = dg.AssetKey.from_user_string(key)
    return dict(next(e for e in events if e.asset_key == asset).materialization.metadata)


def test_the_whole_chain_reaches_clevertap(account: Path, clevertap_sandbox: SandboxInTest) -> None:
    result = kit.run(load(account))

    assert result.success, kit.failure(result)
    assert [p.identity for p in clevertap_sandbox.profiles()] == ["1", "2"]
    assert staged(account, "rejected").select("id", "name", "mail").rows() == [
        ("3", "Evelyn", "evelyn at example.org")
    ]
    assert staged(account, "rejected")["reasons"].to_list()[0][0]["field"] == "Email"
    assert staged(account, "clevertap").filter(outcome="acked").height == 2
    assert staged(account, "undelivered").height == 0


def test_the_same_class_works_from_python(account: Path, clevertap_sandbox: SandboxInTest) -> None:
    code = """
        import dagster as dg
        from ct_assets.components import ClevertapSync

        @dg.component_instance
        def customers(context: dg.ComponentLoadContext) -> ClevertapSync:
            return ClevertapSync(
                name="customers",
                object="profile",
                source="shop/customer",
                identify_by=[{"identity": "id"}],
                fields={"Name": "name", "Email": "mail"},
                max_rejected=0.5,
            )
    """

    result = kit.run(kit.load(account, {"shop/defs.yaml": kit.SOURCE, "people/syncs.py": code}))

    assert result.success, kit.failure(result)
    assert [p.identity for p in clevertap_sandbox.profiles()] == ["1", "2"]


def test_a_second_run_sends_nothing(account: Path, clevertap_sandbox: SandboxInTest) -> None:
    defs = load(account)
    kit.run(defs)
    before = len(clevertap_sandbox.requests())

    assert kit.run(defs).success

    assert len(clevertap_sandbox.requests()) == before


def test_a_signal_ends_the_run_in_good_order_and_the_next_goes_on(
    account: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"{n},Ada,a{n}@example.org\n" for n in range(1, 40_001))
    (account / "customer.csv").write_text(f"id,name,mail\n{rows}")
    defs = load(account)
    signals = [signal.SIGTERM]

    def said(*_: object) -> None:
        if signals:
            signal.raise_signal(signals.pop())

    with monkeypatch.context() as patched:
        patched.setattr(ProgressLog, "__call__", said)
        assert "DagsterExecutionInterruptedError" in kit.failure(kit.run(defs))

    delivery = Staging(account / "data" / "staging").meta(("customers", "clevertap")).delivery
    assert delivery
    counts = delivery.counts
    assert 0 < counts.acked <= UNDER_WAY * MAX_RECORDS
    assert (counts.unsent, counts.unknown) == (40_000 - counts.acked, 0)
    assert (
        f"stopped on request; what is left unsent goes with the next run: {counts.acked:,} acked"
        in capfd.readouterr().err
    )
    assert kit.run(defs).success
    assert staged(account, "clevertap").height == counts.unsent


def test_a_guard_that_stops_a_run_fails_its_check_until_it_is_passed(account: Path) -> None:
    defs, instance = (
        load(account, LENIENT + "  on_removed: clear\n"),
        dg.DagsterInstance.ephemeral(),
    )
    check = dg.AssetCheckKey(dg.AssetKey(["customers", "clevertap"]), "guards")

    def verdict() -> tuple[bool, object]:
        record = instance.get_latest_asset_check_evaluation_record(check)
        event = record.event.dagster_event if record and record.event else None
        assert event
        found = event.asset_check_evaluation_data
        return found.passed, found.metadata.get("why") and found.metadata["why"].value

    assert kit.run(defs, instance=instance).success
    assert verdict() == (True, None)

    (account / "customer.csv").write_text("id,name,mail\n")
    assert not kit.run(defs, instance=instance).success
    passed, why = verdict()
    assert not passed
    assert str(why).startswith("customers: the source is empty")

    (account / "customer.csv").write_text(CSV)
    assert kit.run(defs, instance=instance).success
    assert verdict() == (True, None)


def test_a_closed_gate_stops_the_upload_in_the_run_and_alone(
    account: Path, clevertap_sandbox: SandboxInTest
) -> None:
    defs = load(account, kit.CUSTOMERS)

    whole, alone = kit.run(defs), kit.run(defs, "customers/clevertap")

    assert not whole.success
    failed = [c.check_name for c in whole.get_asset_check_evaluations() if not c.passed]
    assert failed == ["rejected_share"]
    assert not alone.success
    assert (
        "customers is not sent: 1 of 3 rows are rejected (33.3%), more than max_rejected (10.0%). "
        "Look at customers/rejected for reasons."
    ) in kit.failure(alone)
    assert clevertap_sandbox.requests() == []


def test_the_upload_alone_needs_staged_rows(account: Path) -> None:
    result = kit.run(load(account), "customers/clevertap")

    assert "customers/valid: nothing is staged yet; materialize it first" in kit.failure(result)


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(limits=Limits(identity_bytes=1))], indirect=True
)
def test_refused_records_are_undelivered_and_explained(account: Path) -> None:
    """An account that takes less than the declaration reckons with."""
    (account / "customer.csv").write_text(CSV.replace("2,Bob", "22,Bob"))

    result = kit.run(load(account))

    assert result.success, kit.failure(result)
    (row,) = staged(account, "undelivered").to_dicts()
    assert (row["key"], row["outcome"]) == ("22", "refused")
    assert row["hint"]
    checks = {c.check_name: c.passed for c in result.get_asset_check_evaluations()}
    assert checks["refused_share"] is False
    table = metadata(result, "customers/clevertap")["refusals"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [(r.data["code"], r.data["rows"]) for r in table.records] == [("523", 1)]


def test_a_denied_account_fails_the_run_and_marks_nothing_sent(
    account: Path, clevertap_sandbox: SandboxInTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    defs = load(account)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "wrong-passcode")

    denied = kit.run(defs)

    assert not denied.success
    assert "credentials or region refused by" in kit.failure(denied)
    assert "wrong-passcode" not in "".join(map(str, denied.all_events))
    monkeypatch.setenv("CLEVERTAP_PASSCODE", clevertap_sandbox.passcode)
    assert kit.run(defs).success
    assert len(clevertap_sandbox.profiles()) == 2


@pytest.mark.parametrize("passing", [True, False])
def test_a_step_is_repeated_when_what_stopped_it_may_be_over(
    account: Path, monkeypatch: pytest.MonkeyPatch, *, passing: bool
) -> None:
    monkeypatch.setattr(clevertap_io_manager, "OUTER_NET", (0, 0))
    calls = itertools.count()

    def fails_once(*given: Any, **more: Any) -> DeliveryResult:
        outcome = deliver(*given, **more)
        if next(calls) == 0:
            stopped = replace(outcome, stopped="no answer", passing=passing)
            raise DeliveryFailed("no answer", stopped)
        return outcome

    monkeypatch.setattr(clevertap_io_manager, "deliver", fails_once)

    result = kit.run(load(account))

    assert result.success is passing
    retried = [event for event in result.all_events if event.is_step_up_for_retry]
    assert len(retried) == (1 if passing else 0)


def test_waiting_for_others_is_not_counted_as_repeating(
    account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clevertap_io_manager, "OUTER_NET", (0, 0))
    others = iter([1, 1, 1])

    def waits_thrice(*_: object) -> None:
        if next(others, None):
            raise dg.RetryRequested(max_retries=9, seconds_to_wait=0)

    def fails(*given: Any, **more: Any) -> DeliveryResult:
        outcome = deliver(*given, **more)
        raise DeliveryFailed("no answer", replace(outcome, stopped="no answer", passing=True))

    monkeypatch.setattr(sync_assets, "wait_for_others", waits_thrice)
    monkeypatch.setattr(clevertap_io_manager, "deliver", fails)

    result = kit.run(load(account))

    assert not result.success
    retried = [event for event in result.all_events if event.is_step_up_for_retry]
    assert len(retried) == 3 + 2


def test_no_personal_data_in_events(account: Path) -> None:
    result = kit.run(load(account))

    said = "".join(str(event) for event in result.all_events)
    assert not [word for word in ("Ada", "ada@", "Evelyn", "evelyn at") if word in said]


def test_metadata_tells_where_every_row_went(account: Path) -> None:
    result = kit.run(load(account))

    valid, sent = metadata(result, "customers/valid"), metadata(result, "customers/clevertap")
    assert valid["dagster/row_count"].value == 2
    assert valid["rejected_share"].value == 0.333
    lineage = valid["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    assert lineage.deps_by_column["Email"] == [
        dg.TableColumnDep(dg.AssetKey(["shop", "customer"]), "mail")
    ]
    assert {name: sent[f"rows/{name}"].value for name in ("source", "rejected", "acked")} == {
        "source": 3, "rejected": 1, "acked": 2,
    }  # fmt: skip
    assert sent["requests"].value == 1


def test_metadata_of_a_delivery_is_short_and_readable(
    account: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    definitions = load(account)
    result = kit.run(definitions)

    sent = metadata(result, "customers/clevertap")
    assert len(sent) <= 15
    assert sent["dagster/row_count"].value == 2
    assert sent["summary"].value == (
        "customers: of 3 rows of the source, 2 can be sent and 1 is rejected. Of these, 2 acked. "
        f"CleverTap ({sent['destination'].value}) has 2 of it. "
        "To see the rows: `ct-assets rejected customers`."
    )
    assert str(sent["summary"].value) in capfd.readouterr().err
    told = [value for key in ("valid", "clevertap") for value in _floats(result, key)]
    assert all(value == round(value, 3) for value in told)
    assert str(account) not in str(sent)
    (spec,) = [s for s in definitions.resolve_all_asset_specs() if "clevertap_sync" in s.metadata]
    shown = {name: getattr(value, "value", value) for name, value in spec.metadata.items()}
    assert shown["clevertap_sync"] == "profile of shop/customer"


def _table(result: dg.ExecuteInProcessResult, key: str, name: str) -> Sequence[dg.TableRecord]:
    return cast("dg.TableMetadataValue", metadata(result, key)[name]).records


def _floats(result: dg.ExecuteInProcessResult, stage: str) -> list[float]:
    found = metadata(result, f"customers/{stage}").values()
    return [entry.value for entry in found if isinstance(entry.value, float)]


@pytest.mark.parametrize(("show", "shown"), [("off", ""), ("masked", mask("3")), ("plain", "3")])
def test_a_few_keys_of_rejected_rows_are_shown_as_the_sync_says(
    account: Path, tmp_path: Path, show: str, shown: str
) -> None:
    result = kit.run(load(account, LENIENT + f"  show_keys: {show!r}\n"), "shop/customer",
                     "customers/valid", "customers/rejected")  # fmt: skip

    (reason,) = _table(result, "customers/rejected", "reasons")
    assert (reason.data["field"], reason.data["rows"]) == ("Email", 1)
    assert reason.data["for example"] == shown
    told = metadata(result, "customers/rejected")
    assert str(told["command"].value).startswith("`ct-assets rejected customers` lists all of them")
    assert ("rows" in told) == (show != "off")
    rows = [row.data for row in _table(result, "customers/rejected", "rows")] if shown else []
    reasons = [(row["key"], row["reason"]) for row in rows]
    assert reasons == ([(shown, "Email: email_characters")] if shown else [])
    assert all(row["what to do"] for row in rows)
    assert str(tmp_path) not in str(told)


def test_selecting_valid_refreshes_rejected_too(account: Path) -> None:
    result = kit.run(load(account), "shop/customer", "customers/valid")

    assert result.success, kit.failure(result)
    assert staged(account, "rejected").height == 1
    assert metadata(result, "customers/rejected")["dagster/row_count"].value == 1


def test_a_missing_column_fails_this_sync_alone(account: Path) -> None:
    other = LENIENT.replace("name: customers", "name: others").replace("mail", "mial")

    result = kit.run(load(account, **{"others/defs.yaml": other}))

    assert not result.success
    assert "no column 'mial'" in kit.failure(result)
    assert "did you mean 'mail'" in kit.failure(result)
    assert result.output_for_node("customers__undelivered", "undelivered") is not None


def test_hazards_warn_and_stop_nothing(account: Path, clevertap_sandbox: SandboxInTest) -> None:
    defs = load(account)
    assert kit.run(defs).success
    (account / "customer.csv").write_text(CSV.replace("bob@", "ada@"))

    result = kit.run(defs)

    assert result.success, kit.failure(result)
    (failed,) = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert failed.check_name == "people_apart"
    assert str(failed.metadata["Email"].value).startswith("2 profiles share Email with another")
    assert len(clevertap_sandbox.profiles()) == 2


@pytest.mark.parametrize(
    "clevertap_sandbox", [Settings(discarded_properties=frozenset({"Name"}))], indirect=True
)
def test_what_clevertap_lost_in_silence_fails_a_check(account: Path) -> None:
    result = kit.run(load(account, LENIENT + "  verify: true\n"))

    assert result.success, kit.failure(result)
    (failed,) = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert failed.check_name == "arrived"
    assert failed.severity == dg.AssetCheckSeverity.WARN
    assert {name: value.value for name, value in failed.metadata.items()} == {
        "looked at": 2,
        "Name: dropped": "2 of 2: CleverTap does not have the property: it was discarded in the "
        "dashboard, or the account has as many as it takes",
    }


def test_custom_properties_are_counted_over_the_syncs_of_an_account(account: Path) -> None:
    limits = "  limits: {custom_fields: 3}\n"
    first = LENIENT.replace("Name: name\n    Email: mail", "a: name\n    b: mail") + limits
    second = first.replace("name: customers", "name: others").replace("a: name", "c: name")
    third = second.replace("name: others", "name: elsewhere") + "  destination: shop\n"
    files = {"others/defs.yaml": second, "elsewhere/defs.yaml": third.replace("b: m", "d: m")}
    defs = load(account, first, **files)

    kit.run(defs, "shop/customer", "elsewhere/valid", "elsewhere/rejected")
    kit.run(defs, "shop/customer", "others/valid", "others/rejected")
    alone = kit.run(defs, "shop/customer", "customers/valid", "customers/rejected")
    wider = load(account, first.replace("b: mail", "b: mail\n    d: mail"), **files)
    several = kit.run(wider, "shop/customer", "customers/valid", "customers/rejected")

    def told(result: dg.ExecuteInProcessResult) -> list[tuple[str, bool]]:
        checks = result.get_asset_check_evaluations()
        return [(c.asset_key.path[0], c.passed) for c in checks if "custom" in c.check_name]

    assert told(alone) == [("customers", True)]
    assert ("customers", False) in told(several)


def test_rows_that_share_a_key_fail_their_check(account: Path) -> None:
    (account / "customer.csv").write_text(CSV + "4,Dan,dan@example.org\n4,Dana,d@example.org\n")

    checks = {c.check_name: c for c in kit.run(load(account)).get_asset_check_evaluations()}

    assert (checks["keys_unique"].passed, checks["keys_unique"].metadata["rows"].value) == (
        False,
        2,
    )


def test_warnings_are_in_the_metadata(account: Path) -> None:
    fields = "Name: {column: name, on_null: clear}\n    Email: {column: mail, on_invalid: drop}"
    sync = LENIENT.replace(
        "Name: name\n    Email: mail", f"{fields}\n    plan: {{column: name, on_null: clear}}"
    )

    told = metadata(kit.run(load(account, sync)), "customers/valid")["warnings"]

    assert isinstance(told, dg.TableMetadataValue)
    assert [(r.data["field"], r.data["code"], r.data["rows"]) for r in told.records] == [
        ("plan", "clear_disputed", 0),
        ("Email", "email_characters", 1),
    ]
    assert all(r.data["message"] for r in told.records)


def test_checks_can_be_evaluated_alone(account: Path, clevertap_sandbox: SandboxInTest) -> None:
    """The UI has a button for it."""
    defs, instance = load(account), dg.DagsterInstance.ephemeral()
    assert kit.run(defs, instance=instance).success
    before = len(clevertap_sandbox.requests())
    selection = dg.AssetSelection.checks_for_assets("customers/valid", "customers/clevertap")
    job = dg.define_asset_job("checks", selection)

    alone = dg.Definitions.merge(defs, dg.Definitions(jobs=[job])).resolve_job_def("checks")
    result = alone.execute_in_process(instance=instance)

    evaluated = {c.asset_check_key for c in result.get_asset_check_evaluations()}
    assert evaluated == set(defs.resolve_asset_graph().asset_check_keys)
    assert len(clevertap_sandbox.requests()) == before


def test_columns_are_described_those_of_the_person_first(account: Path) -> None:
    result = kit.run(load(account))

    schema = metadata(result, "customers/valid")["dagster/column_schema"].value
    assert isinstance(schema, dg.TableSchema)
    assert [column.name for column in schema.columns][:3] == ["Name", "Email", "_key"]
    assert [c.name for c in schema.columns if c.name.startswith("_") and not c.description] == []
    links = metadata(result, "customers/undelivered")
    assert links["clevertap"] == dg.MetadataValue.asset(dg.AssetKey(["customers", "clevertap"]))


def test_nothing_in_the_catalog_is_without_a_description(account: Path) -> None:
    orders = kit.CUSTOMERS.replace("name: customers", "name: hourly") + "  trigger: '0 * * * *'\n"
    followed = LENIENT + "  trigger: on_change\n"
    repository = load(account, followed, **{"hourly/defs.yaml": orders}).get_repository_def()

    jobs = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
    found = {
        **{job.name: job.description for job in jobs},
        **{schedule.name: schedule.description for schedule in repository.schedule_defs},
        **{sensor.name: sensor.description for sensor in repository.sensor_defs},
    }

    some = {"customers_sync", "hourly_schedule", "customers_on_change", "alert_on_budget"}
    assert some <= set(found)
    assert [name for name, description in found.items() if not description] == []
    checks = repository.asset_graph.asset_check_keys
    assert [key for key in checks if not repository.asset_graph.get(key).description] == []


def test_every_asset_is_described(account: Path) -> None:
    for spec in load(account).resolve_all_asset_specs():
        assert spec.description
        assert spec.kinds
        assert spec.group_name
        assert spec.code_version
