"""UploadDelivery delivers the rows of an upload to CleverTap, and tells the run what it is at.

It is imported when it is first needed: most processes that load definitions deliver nothing.
"""

import contextlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg

from ct_assets.clevertap.client import Client
from ct_assets.clevertap.destination import Destination
from ct_assets.delivery import DeliveryResult, deliver
from ct_assets.files import scratch_dir
from ct_assets.io_managers import delivery_requests, delivery_witness
from ct_assets.io_managers.arrivals import arrival_of
from ct_assets.io_managers.delivery_requests import Upload
from ct_assets.io_managers.metadata.delivery_metadata import ProgressLog
from ct_assets.io_managers.still_at_work import still_at_work
from ct_assets.mapping.rejections import rejections
from ct_assets.snapshot_meta import ArrivalMeta
from ct_assets.telemetry.delivery_figures import figures


def delivered(
    context: dg.OutputContext,
    upload: Upload,
    to: Destination,
    retention: timedelta,
    stop: threading.Event,
) -> tuple[DeliveryResult, ArrivalMeta | None]:
    """Gives the result, and what was seen of it in CleverTap where the sync has `verify`.

    Reports and ledgers are kept for `retention`; setting `stop` ends it early.

    Raises:
        DeliveryFailed: As `deliver` does.
    """
    name, instance = upload.sync.name, context.step_context.instance
    witnesses = delivery_witness.latest(instance, name, to)
    with (
        figures(name, to.name, context.run_id, context.log.warning) as published,
        Client(to) as client,
        _rejections(upload) as rejected,
        still_at_work(context.log, instance, f"{name}: looking at the state") as work,
    ):
        request = delivery_requests.request(
            *(upload, to.name, context.run_id, retention),
            witnesses=witnesses,
            rejections=rejected,
        )
        result = deliver(
            *(request, client),
            stop=stop,
            progress=published.beside(ProgressLog(work.say)),
            waiting=work.say,
            begins=lambda phase: work.begin(f"{name}: {phase}"),
        )
        published.ended(result)
        work.begin(f"{name}: looking whether it arrived")
        return result, arrival_of(upload, result, client, stop)


@contextlib.contextmanager
def _rejections(upload: Upload) -> Iterator[Path | None]:
    """The rejected rows as the sync's log has them; None if it has no log."""
    if upload.sync.log is None or upload.rejected is None:
        yield None
        return
    with scratch_dir() as folder:
        path = folder / "rejections.parquet"
        rejections(upload.sync, upload.rejected.scan()).sink_parquet(path)
        yield path
