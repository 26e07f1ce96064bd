"""A project of twelve syncs, one of which has run; customer 57 of it has no usable address."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg
import pytest

import ct_assets
from ct_assets.sandbox.testing import served
from ct_assets_tests.components import kit
from ct_assets_tests.components.serving import serving
from ct_assets_tests.ui.demo import PROJECT

DATA = PROJECT / "data" / "chinook"
SOURCES = """\
type: ct_assets.SourceTable
attributes: {asset: shop/customer, file: customer.csv}
---
type: ct_assets.SourceTable
attributes: {asset: shop/order, file: order.csv}
"""
PROFILE = """\
type: ct_assets.ClevertapSync
attributes:
  name: %s
  object: profile
  source: shop/customer
  identify_by: [{identity: CustomerId}]
  fields: {%s}
  show_keys: plain
  trigger: %s
"""
EVENT = """\
type: ct_assets.ClevertapSync
attributes:
  name: %s
  object: event
  source: shop/order
  event: %s
  event_key: InvoiceId
  ts: {column: InvoiceDate, timezone: UTC}
  identify_by: [{identity: CustomerId}]
  fields: {Amount: Total}
  after: [customers]
  trigger: %s
"""
PROFILES = {
    "customers": ("Name: FirstName, Email: Email", "'0 * * * *'"),
    "companies": ("Company: Company", "on_change"),
    "addresses": ("Street: Address", "on_change"),
    "cities": ("City: City", "'30 6 * * *'"),
    "countries": ("Country: Country", "'30 6 * * 1'"),
    "postcodes": ("Postcode: PostalCode", "on_change"),
    "states": ("State: State", "on_change"),
    "support_staff": ("Support: SupportRepId", "'@daily'"),
}
EVENTS = {
    "orders": ("Ordered", "on_change"),
    "invoices": ("Invoiced", "'*/30 * * * *'"),
    "payments": ("Paid", "'0 5 * * *'"),
    "deliveries": ("Delivered", "on_change"),
}


def files() -> Mapping[str, str]:
    profiles = {name: PROFILE % (name, *given) for name, given in PROFILES.items()}
    events = {name: EVENT % (name, *given) for name, given in EVENTS.items()}
    declared = {f"{name}/defs.yaml": text for name, text in (profiles | events).items()}
    return {"shop/defs.yaml": SOURCES, **declared}


def write(root: Path) -> Path:
    package = kit.write(root, files())
    (package / "definitions.py").write_text(
        "from pathlib import Path\nimport ct_assets\n"
        "defs = ct_assets.definitions(Path(__file__).parent)\n"
    )
    (root / "workspace.yaml").write_text(
        f"load_from:\n  - python_module: {{module_name: {package.name}.definitions, "
        "working_directory: ., location_name: shop}\n"
    )
    customers = (DATA / "customer.csv").read_text()
    assert "luisrojas@yahoo.cl" in customers
    (root / "customer.csv").write_text(customers.replace("luisrojas@yahoo.cl", "luisrojas yahoo"))
    (root / "order.csv").write_bytes((DATA / "invoice.csv").read_bytes())
    (root / "home").mkdir()
    (root / "home" / "dagster.yaml").write_bytes((PROJECT / "dagster.yaml").read_bytes())
    return package


@contextlib.contextmanager
def twelve_syncs(root: Path) -> Iterator[str]:
    """The address of its Dagster UI, which has no daemon that would start more runs."""
    package = write(root)
    (root / "clevertap").mkdir()
    with served(root / "clevertap") as sandbox, pytest.MonkeyPatch.context() as patched:
        env = {
            "DAGSTER_HOME": str(root / "home"),
            "CT_DATA_DIR": str(root / "data"),
            "CLEVERTAP_API_URL": sandbox.url,
            "CLEVERTAP_ACCOUNT_ID": sandbox.account_id,
            "CLEVERTAP_PASSCODE": sandbox.passcode,
        }
        for name, value in env.items():
            patched.setenv(name, value)
        with dg.DagsterInstance.from_config(str(root / "home")) as instance:
            job = ct_assets.definitions(package).resolve_job_def("customers_sync")
            assert job.execute_in_process(instance=instance).success
        with serving(root, {**os.environ, **env}, root, daemon=False) as url:
            yield url
