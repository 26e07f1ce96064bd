"""Declarations of people and of purchases, with settings of a test in them."""

from typing import Any

import pytest
import yaml

from ct_assets.mapping import DeclarationError, parse

CUSTOMERS = """
name: customers
object: profile
source: chinook/customer
where: "Country is not null"
identify_by: [{identity: CustomerId}]
fields:
  Name: {template: "{FirstName} {LastName}"}
  Email: Email
  Phone: {column: Phone, region: {column: Country}}
  Company: {column: Company, on_null: clear}
  MSG-email: {value: true}
duplicates: reject
max_rejected: 0.10
trigger: "0 * * * *"
"""
PURCHASES = """
name: purchases
object: event
source: chinook/purchase
event: Charged
event_key: InvoiceId
ts: {column: InvoiceDate, timezone: UTC}
identify_by: [{identity: CustomerId}]
fields: {Amount: Total, "Charged ID": InvoiceId, City: BillingCity, Items: Items}
after: [customers]
on_unknown: park
"""


def customers(**changed: Any) -> dict[str, Any]:
    return {**yaml.safe_load(CUSTOMERS), **changed}


def purchases(**changed: Any) -> dict[str, Any]:
    return {**yaml.safe_load(PURCHASES), **changed}


def told(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        parse(raw)
    return [str(problem) for problem in caught.value.problems]
