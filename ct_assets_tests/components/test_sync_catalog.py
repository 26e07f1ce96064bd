"""What Dagster shows of a sync: metadata, checks, columns, descriptions, and nothing personal."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import dagster as dg
import pytest

from ct_assets.errors import mask
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit
from ct_assets_tests.components.sync_kit import CSV, LENIENT, load, metadata

pytestmark = pytest.mark.sampled(5)


@pytest.fixture(autouse=True)
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    send_to(clevertap_sandbox, monkeypatch)
    (tmp_path / "customer.csv").write_text(CSV)
    return tmp_path


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
