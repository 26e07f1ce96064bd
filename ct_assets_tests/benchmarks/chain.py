"""The whole product on one table: a project on disk, run as Dagster runs it, to a counting server.

`materialize` is meant for a process of its own: its peak of memory is that of a run of Dagster.
"""

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import yaml

from ct_assets.mapping import Sync, parse
from ct_assets_tests.benchmarks.measure import timed
from ct_assets_tests.benchmarks.sink import Sink, self_signed, sink
from ct_assets_tests.components import kit

SOURCE = "shop/customer"
SYNC = tuple(f"customers/{stage}" for stage in ("valid", "rejected", "clevertap", "undelivered"))

FIELDS: Mapping[str, Any] = {
    "Name": {"template": "{first_name} {last_name}"},
    "Email": "email",
    "Phone": "phone",
    "Country": "country",
    "City": "city",
    "Tier": "tier",
    "DOB": "birthday",
    "Signed up": {"column": "signed_up_at", "type": "date"},
    "Balance": {"column": "balance", "type": "float"},
    "Visits": {"column": "visits", "type": "integer"},
    "Newsletter": {"column": "newsletter", "type": "boolean"},
    "Interests": {"column": "interests", "type": "list", "separator": ";"},
}
"""Of all 14 columns of `generate.profiles`."""

MESSY = {"Phone": {"column": "phone", "region": {"column": "country"}}}
ALL_REJECTED = {"Email": "customer_id"}


def declaration(changed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": "customers",
        "object": "profile",
        "source": SOURCE,
        "identify_by": [{"identity": "customer_id"}],
        "fields": {**FIELDS, **(changed or {})},
        "max_rejected": 1.0,
    }


def sync(changed: Mapping[str, Any] | None = None) -> Sync:
    return parse(declaration(changed))


@contextlib.contextmanager
def account(folder: Path, **options: Any) -> Iterator[Sink]:
    """A counting server behind TLS, which the environment names as CleverTap; `options` of it."""
    certificate = self_signed(folder)
    with sink(certificate=certificate, **options) as server:
        environment = {
            "SSL_CERT_FILE": str(certificate),
            "REQUESTS_CA_BUNDLE": str(certificate),
            "CLEVERTAP_API_URL": server.url,
            "CLEVERTAP_ACCOUNT_ID": "BENCH",
            "CLEVERTAP_PASSCODE": "bench",
        }
        with mock.patch.dict(os.environ, environment):
            yield server


def materialize(
    root: Path, source: Path, changed: Mapping[str, Any] | None = None
) -> dict[str, float]:
    """Two runs of Dagster, the source's and the sync's: their seconds and CPU seconds, and counts.

    Snapshots and state are kept below `root`.
    """
    instance = dg.DagsterInstance.ephemeral()
    defs = kit.load(root, {"shop/defs.yaml": _yaml(source, changed)})
    with _quiet(), mock.patch.dict(os.environ, {"CT_DATA_DIR": str(root / "data")}):
        _, source_cpu, source_seconds = timed(lambda: _run(defs, instance, SOURCE))
        run, cpu, seconds = timed(lambda: _run(defs, instance, *SYNC))
    return {
        "source CPU": source_cpu,
        "source s": source_seconds,
        "sync CPU": cpu,
        "sync s": seconds,
        "split s": _said(run, "customers__split", "seconds"),
        "sending s": _said(run, "customers__clevertap", "seconds"),
        **{
            name: _said(run, "customers__clevertap", f"rows/{name}")
            for name in ("rejected", "unchanged", "planned", "acked", "refused")
        },
    }


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _yaml(source: Path, changed: Mapping[str, Any] | None) -> str:
    parts = {"SourceTable": {"asset": SOURCE, "file": str(source)}}
    documents = [
        {"type": f"ct_assets.components.{name}", "attributes": attributes}
        for name, attributes in {**parts, "ClevertapSync": declaration(changed)}.items()
    ]
    return yaml.safe_dump_all(documents)


def _run(
    defs: dg.Definitions, instance: dg.DagsterInstance, *keys: str
) -> dg.ExecuteInProcessResult:
    result = kit.run(defs, *keys, instance=instance)
    assert result.success, kit.failure(result)
    return result


def _said(run: dg.ExecuteInProcessResult, node: str, name: str) -> float:
    value = run.asset_materializations_for_node(node)[0].metadata[name].value
    assert isinstance(value, int | float)
    return float(value)
