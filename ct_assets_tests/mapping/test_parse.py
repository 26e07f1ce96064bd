from typing import Any

import pytest
from pydantic import BaseModel

from ct_assets.clevertap.contract import Limits
from ct_assets.mapping import Sync, parse
from ct_assets.mapping.declaration.field import Field
from ct_assets_tests.mapping.declared import customers, purchases


def test_a_profile_sync() -> None:
    sync = parse(customers())

    assert sync.identify_by[0].kind == "identity"
    assert sync.fields["Email"].column == "Email"
    assert sync.duplicates.keep_latest_by is None
    assert sync.trigger is not None
    assert (sync.trigger.cron, sync.trigger.timezone) == ("0 * * * *", "UTC")
    assert sync.idempotent
    assert sync.columns() == {
        "Country", "CustomerId", "FirstName", "LastName", "Email", "Phone", "Company",
    }  # fmt: skip
    assert sync.lineage() == {
        "identity": {"CustomerId"},
        "Name": {"FirstName", "LastName"},
        "Email": {"Email"},
        "Phone": {"Phone", "Country"},
        "Company": {"Company"},
        "MSG-email": set(),
    }


def test_an_event_sync() -> None:
    sync = parse(purchases())

    assert sync.event_name == "Charged"
    assert sync.event_key is not None
    assert sync.event_key.column == "InvoiceId"
    assert (sync.on_unknown, sync.first_run, sync.after) == ("park", "backfill", ("customers",))
    assert not sync.idempotent
    assert sync.lineage()["ts"] == {"InvoiceDate"}


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("trigger", "on_change", {"on_change": {}}),
        ("trigger", {"on_change": True}, {"on_change": {}}),
        (
            "trigger",
            {"on_change": {"rows": 100, "minutes": 15}},
            {"on_change": {"rows": 100, "minutes": 15}},
        ),
        (
            "trigger",
            {"cron": "0 6 * * *", "timezone": "Europe/Rome"},
            {"cron": "0 6 * * *", "timezone": "Europe/Rome"},
        ),
        ("duplicates", {"keep_latest_by": "At"}, {"keep_latest_by": "At"}),
        ("other_columns", {"except": ["Fax"]}, {"except": ("Fax",)}),
        ("limits", {"event_fields": 256}, {"event_fields": 256}),
    ],
)
def test_short_and_long_forms(setting: str, value: object, expected: dict[str, Any]) -> None:
    sync = parse(customers(**{setting: value}))

    read = getattr(sync, setting).model_dump(by_alias=True, exclude_defaults=True)
    assert read == expected


def test_the_digest_is_of_what_decides_the_records() -> None:
    digest = parse(customers()).digest

    assert digest == "a6a12358f756ffafa10eacbbe9149457"
    assert parse(customers(trigger=None, max_rejected=0.5, description="x")).digest == digest
    assert parse(customers(where="Country = 'Italy'")).digest != digest
    assert parse(customers(fields={"Email": "Email"})).digest != digest


def test_the_short_form_is_the_same_declaration() -> None:
    long = {**customers()["fields"], "Email": {"column": "Email"}}

    assert parse(customers(fields=long)).digest == parse(customers()).digest


@pytest.mark.parametrize("model", [Field, Limits, Sync])
def test_editors_get_a_description_of_every_setting(model: type[BaseModel]) -> None:
    plain = {"description", "owners", "tags", "group"}
    settings = model.model_json_schema()["properties"]

    assert [n for n, s in settings.items() if "description" not in s and n not in plain] == []
