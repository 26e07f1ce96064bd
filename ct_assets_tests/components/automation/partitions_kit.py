"""A sync of invoices, a partition a month or a day."""

from pathlib import Path

import yaml

from ct_assets.mapping import Sync, parse

INVOICES = Path("data/chinook/invoice.csv").resolve()

SYNC = """
type: ct_assets.components.ClevertapSync
attributes:
  name: invoices
  object: event
  source: shop/invoice
  event: Charged
  event_key: InvoiceId
  ts: InvoiceDate
  identify_by: [{identity: CustomerId}]
  fields: {Amount: Total}
  partition: {by: InvoiceDate, every: EVERY, start: 2021-01-01}
"""


def declared(every: str, start: str = "2021-01-01", **more: str) -> Sync:
    """As `SYNC` declares it."""
    text = SYNC.replace("EVERY", every).replace("2021-01-01", start)
    return parse({**yaml.safe_load(text)["attributes"], **more})
