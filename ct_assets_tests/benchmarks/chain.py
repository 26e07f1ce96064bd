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

from ct_assets.io_managers.delivery_witness import ACCOUNT
from ct_assets.io_managers.metadata.delivery_metadata import number
from ct_assets_tests.benchmarks.measure import timed
from ct_assets_tests.benchmarks.sink import Sink, self_signed, sink
from ct_assets_tests.components import kit

SOURCE = "shop/table"
STAGES = ("valid", "rejected", "clevertap", "undelivered")

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

Declared = Mapping[str, Any]

PROFILES: Declared = {
    "name": "customers",
    "object": "profile",
    "source": SOURCE,
    "identify_by": [{"identity": "customer_id"}],
    "fields": FIELDS,
    "max_rejected": 1.0,
    "max_refused": 1.0,
}
MESSY: Declared = {
    **PROFILES,
    "fields": {**FIELDS, "Phone": {"column": "phone", "region": {"column": "country"}}},
}
ALL_REJECTED: Declared = {**PROFILES, "fields": {**FIELDS, "Email": "customer_id"}}
EVENTS: Declared = {
    "name": "purchases",
    "object": "event",
    "source": SOURCE,
    "event": "Charged",
    "event_key": "event_id",
    "ts": "happened_at",
    "identify_by": [{"identity": "customer_id"}],
    "fields": {"Amount": "amount", "Currency": "currency", "City": "city", "Items": "items"},
}
"""Of `generate.events`."""

CONNECTION = {"name": "crowd", "url": "{{ env.CT_BENCH_URL }}"}
"""Of a source with `connection: crowd`."""


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
    root: Path, source: Path | Declared, declared: Declared = PROFILES
) -> dict[str, float]:
    """Two runs of Dagster, the source's and the sync's: their seconds and CPU seconds, and counts.

    `source` is a file, or the settings of a source. Snapshots and state are kept below `root`.
    """
    instance, name = dg.DagsterInstance.ephemeral(), declared["name"]
    defs = loaded(root, source, declared)
    with quiet(), mock.patch.dict(os.environ, {"CT_DATA_DIR": str(root / "data")}):
        _, source_cpu, source_seconds = timed(lambda: made(defs, instance, SOURCE))
        keys = [f"{name}/{stage}" for stage in STAGES]
        run, cpu, seconds = timed(lambda: made(defs, instance, *keys))
    account = _metadata(run, f"{name}__clevertap")[ACCOUNT].value
    assert isinstance(account, dict)
    return {
        "source CPU": source_cpu,
        "source s": source_seconds,
        "sync CPU": cpu,
        "sync s": seconds,
        "split s": number(_metadata(run, f"{name}__split")["seconds"]),
        "sending s": account["seconds"],
        **{
            count: float(account["rows"][count])
            for count in ("rejected", "unchanged", "planned", "acked", "refused")
        },
    }


def loaded(root: Path, source: Path | Declared, declared: Declared = PROFILES) -> dg.Definitions:
    source = {"file": str(source)} if isinstance(source, Path) else source
    return kit.load(root, {"shop/defs.yaml": _yaml(source, declared)})


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _yaml(source: Declared, declared: Declared) -> str:
    parts = {"SourceTable": {"asset": SOURCE, **source}, "ClevertapSync": declared}
    if "connection" in source:
        parts["Connection"] = CONNECTION
    documents = [
        {"type": f"ct_assets.components.{name}", "attributes": dict(attributes)}
        for name, attributes in parts.items()
    ]
    return yaml.safe_dump_all(documents)


def made(
    defs: dg.Definitions, instance: dg.DagsterInstance, *keys: str
) -> dg.ExecuteInProcessResult:
    result = kit.run(defs, *keys, instance=instance)
    assert result.success, kit.failure(result)
    return result


def _metadata(run: dg.ExecuteInProcessResult, node: str) -> Mapping[str, dg.MetadataValue[Any]]:
    return run.asset_materializations_for_node(node)[0].metadata
