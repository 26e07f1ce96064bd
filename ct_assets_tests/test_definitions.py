"""The project as it is shipped: its definitions, and the example from CSV to CleverTap."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from ct_assets.components.project import registry
from ct_assets.definitions import defs
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets.staging import Staging
from ct_assets_tests.clevertap.account import send_to
from ct_assets_tests.components import kit

STAGES = ("valid", "rejected", "clevertap", "undelivered")
SYNCS = ("customers", "purchases", "jazz_buyers")
ASSETS = {"chinook/customer", "chinook/purchase", "chinook/jazz_buyer"} | {
    f"{sync}/{stage}" for sync in SYNCS for stage in STAGES
}


@pytest.fixture
def account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clevertap_sandbox: SandboxInTest
) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path))
    send_to(clevertap_sandbox, monkeypatch)
    return tmp_path


def staged(root: Path, *key: str) -> pl.DataFrame:
    return Staging(root / "staging").current(key).scan().collect()


def test_every_asset_says_what_it_is() -> None:
    specs = {spec.key.to_user_string(): spec for spec in defs().resolve_all_asset_specs()}

    assert set(specs) == ASSETS
    lacking = [
        key
        for key, spec in specs.items()
        if not (spec.description and spec.kinds and spec.group_name and spec.code_version)
    ]
    assert lacking == []


def test_the_catalogue_knows_syncs_sources_and_files() -> None:
    syncs = registry.catalogue(registry.load("ct_assets.definitions"))

    assert set(syncs) == set(SYNCS)
    customers = syncs["customers"]
    assert customers.sync.source == "chinook/customer"
    assert customers.source is not None
    assert customers.source.source.file == "data/chinook/customer.csv"
    assert str(customers.place).endswith("ct_assets/defs/customers/defs.yaml")


def test_chinook_reaches_clevertap_once(account: Path, clevertap_sandbox: SandboxInTest) -> None:
    instance, definitions = dg.DagsterInstance.ephemeral(), defs()

    first = kit.run(definitions, instance=instance)

    assert first.success, kit.failure(first)
    assert staged(account, "customers", "valid").height == 56
    rejected = staged(account, "customers", "rejected")
    assert rejected["CustomerId"].to_list() == ["9", "57", "58"]
    assert {r["field"] for row in rejected["reasons"] for r in row} == {"Phone"}
    assert staged(account, "purchases", "valid").height == 412

    profiles, events = clevertap_sandbox.profiles(), clevertap_sandbox.events()
    phones = [p.props.get("Phone") for p in profiles if p.props.get("Name")]
    assert len(phones) == 56
    assert sum(phone is not None for phone in phones) == 55
    assert (len(events), {event.name for event in events}) == (412, {"Charged"})
    items = [item for event in events for item in event.props["Items"]]  # type: ignore[union-attr]
    assert len(items) == 2240

    wanted = staged(account, "jazz_buyers", "undelivered").select("key", "code").rows()
    assert wanted == [("58", "unacknowledged")]
    buyers = ["16", "18", "3", "30", "31", "35", "39", "53", "54", "56"]
    assert clevertap_sandbox.members("Jazz buyers") == buyers

    requests = len(clevertap_sandbox.requests())
    second = kit.run(definitions, instance=instance)
    assert second.success, kit.failure(second)
    assert len(clevertap_sandbox.requests()) == requests
    assert second.asset_materializations_for_node("purchases__clevertap")[0].metadata[
        "rows/unchanged"
    ].value == 412  # fmt: skip


def test_every_sync_has_a_job_and_the_schedule_it_declares() -> None:
    repository = defs().get_repository_def()

    assert {job.name for job in repository.get_all_jobs()} >= {"customers_sync", "purchases_sync"}
    (schedule,) = repository.schedule_defs
    assert (schedule.name, schedule.cron_schedule) == ("customers_schedule", "0 * * * *")


def test_importing_it_loads_no_engine_and_no_table() -> None:
    code = "import ct_assets.definitions, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    late = {"httpcore", "numpy", "phonenumbers", "sqlalchemy", "uvicorn"}
    late |= {f"ct_assets.delivery.{name}" for name in ("delivery_run", "outbox", "plan_report")}
    assert late & set(run.stdout.split()) == set()


@pytest.mark.parametrize("given", ["", "9"])
@pytest.mark.parametrize(
    "name",
    [
        "POLARS_ROW_GROUP_PREFETCH_SIZE",
        "POLARS_DEFAULT_DISTRIBUTOR_BUFFER_SIZE",
        "POLARS_DEFAULT_LINEARIZER_BUFFER_SIZE",
        "_RJEM_MALLOC_CONF",
    ],
)
def test_polars_keeps_little_memory_unless_told_otherwise(name: str, given: str) -> None:
    environ = {k: v for k, v in os.environ.items() if k != name} | ({name: given} if given else {})
    code = f"import ct_assets, os; print(os.environ[{name!r}])"
    run = subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True)

    told = run.stdout.decode().strip()
    assert told == given if given else told
