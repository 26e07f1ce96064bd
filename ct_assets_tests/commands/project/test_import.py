"""`ct-assets import` on answers in the shapes of Census' own reference."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets_tests.commands.kit import Shop

OLD: dict[str, Any] = {
    "id": 61,
    "label": "New Leads",
    "schedule_frequency": "daily",
    "schedule_hour": 6,
    "schedule_minute": 30,
    "cron_expression": None,
    "operation": "upsert",
    "paused": False,
    "field_behavior": "specific_properties",
    "source_attributes": {
        "connection_id": 4,
        "object": {"type": "model", "id": 15, "name": "leads", "query": "select * from lead"},
    },
    "destination_attributes": {"connection_id": 15, "object": "user"},
    "mappings": [
        {
            "from": {"type": "column", "data": "ID"},
            "to": "identity",
            "is_primary_identifier": True,
        },
        {"from": {"type": "column", "data": "EMAIL"}, "to": "email"},
        {
            "from": {"type": "constant_value", "data": {"value": "web", "basic_type": "text"}},
            "to": "Origin",
        },
    ],
}
NEW: dict[str, Any] = {
    "id": 15135,
    "label": "Everybody",
    "operation": "mirror",
    "paused": True,
    "field_behavior": "sync_all_properties",
    "high_water_mark_attribute": "updated_at",
    "source_attributes": {
        "object": {"type": "table", "table_catalog": "p", "table_schema": "crm", "table_name": "u"}
    },
    "destination_attributes": {"connection_id": 15, "object": "user_data"},
    "mode": {
        "type": "triggered",
        "triggers": {"schedule": {"frequency": "hourly", "minute": 5}, "dbt_cloud": {"job_id": 1}},
    },
    "mappings": [
        {"from": {"type": "column", "data": "id"}, "to": "objectID", "is_primary_identifier": True},
        {"from": {"type": "column", "data": "l"}, "to": "List", "lookup_object": "lists"},
        {"from": {"type": "liquid_template", "data": "{{ a }}"}, "to": "Greeting"},
    ],
}


def declared(shop: Shop, name: str) -> list[Any]:
    text = (shop.package / "defs" / name / "defs.yaml").read_text()
    return [document["attributes"] for document in yaml.safe_load_all(text)]


@pytest.fixture
def wrote(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    events = {**OLD, "label": "Visits", "destination_attributes": {"object": "event"}}
    topic = {**OLD, "label": "Live", "source_attributes": {"object": {"type": "topic"}}}
    (tmp_path / "syncs.json").write_text(json.dumps({"data": [OLD, NEW, events, topic]}))
    return shop.said("import", "census", "syncs.json")


def test_what_maps_is_written_and_loads(shop: Shop, wrote: str) -> None:
    assert "new_leads: wrote " in wrote
    assert declared(shop, "new_leads") == [
        {"asset": "source/new_leads", "sql": "select * from lead"},
        {
            "name": "new_leads",
            "object": "profile",
            "source": "source/new_leads",
            "identify_by": [{"identity": "ID"}],
            "fields": {"Email": "EMAIL", "Origin": {"value": "web"}},
            "trigger": "30 6 * * *",
        },
    ]
    assert declared(shop, "everybody") == [
        {"asset": "source/everybody", "table": "crm.u"},
        {
            "name": "everybody",
            "object": "profile",
            "source": "source/everybody",
            "identify_by": [{"objectId": "id"}],
            "fields": {},
            "other_columns": True,
            "trigger": "5 * * * *",
            "paused": True,
        },
    ]
    assert {"new_leads", "everybody"} <= set(Project.load(shop.module).syncs)


def test_what_has_no_equal_is_told_and_stands_in_the_file(shop: Shop, wrote: str) -> None:
    lost = [line for line in wrote.splitlines() if line.startswith("  not carried over: ")]

    assert [line.removeprefix("  not carried over: ").partition(":")[0] for line in lost] == [
        "List",
        "Greeting",
        "it starts after dbt_cloud",
        "operation mirror",
        "high_water_mark_attribute",
        "event",
        "its source is a topic",
    ]
    file = shop.package / "defs" / "everybody" / "defs.yaml"
    assert file.read_text().count("# not carried over: ") == 5
    assert "visits: nothing was written" in wrote
    again = shop.said("import", "census", "syncs.json")
    assert f"everybody: {file} is there already, and stays as it is" in again


@pytest.mark.parametrize(
    ("text", "told"), [("[", "syncs.json: is no JSON: "), ("[]", "syncs.json: has no syncs; ")]
)
def test_a_file_of_no_syncs(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "syncs.json").write_text(text)

    assert told in shop.call("import", "census", "syncs.json").output


HIGHTOUCH = {
    "manifest.yaml": "destinations: {live: {name: Live, type: clevertap}}\n",
    "models/person.yaml": "type: raw_sql\nrawSql: select id from person\nprimaryKey: id\n",
    "syncs/persons.yaml": "model: person\ndestination: live\n"
    "config: {type: object, mappings: [{to: Name, from: id, type: standard}, {to: X, type: y}]}\n",
}
INGESTR = (
    "ingestr ingest --source-uri mysql://u:s3cret@db/crm --source-table guest "
    "--dest-uri 'clevertap://?account_id=A&passcode=s3cret' "
    "--dest-table 'profiles?identity_column=id'\n"
)


def test_what_hightouch_and_ingestr_export_is_written_and_loads(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {**{f"old/{k}": v for k, v in HIGHTOUCH.items()}, "send.sh": INGESTR}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    said = shop.said("import", "hightouch", "old") + shop.said("import", "ingestr", "send.sh")

    assert "  not carried over: X: is filled by a y; write it as `expr`\n" in said
    assert "set CRM_URL to it" in said
    assert {"persons", "guest"} <= set(Project.load(shop.module).syncs)
    written = (shop.package / "defs" / "guest" / "defs.yaml").read_text()
    assert written.startswith("# Of a sync of ingestr.\n# not carried over: the source's URI, ")
    assert "s3cret" not in written + said


URL = "the URL of the connection shop: set SHOP_URL to it, as the page Warehouses shows"
SAME = "connection shop: is declared already; see that it is the same"
IN_YAML = "type: ct_assets.Connection\nattributes: {name: shop, url: sqlite:///shop.db}\n"
IN_PYTHON = """\
import dagster as dg

import ct_assets


@dg.component_instance
def shop(context: dg.ComponentLoadContext) -> ct_assets.Connection:
    return ct_assets.Connection(name="shop", url="sqlite:///shop.db")
"""


@pytest.mark.parametrize(
    ("before", "told"),
    [({}, [URL, SAME]), ({"c/defs.yaml": IN_YAML}, [SAME]), ({"shop.py": IN_PYTHON}, [SAME])],
    ids=["none", "YAML", "Python"],
)
def test_a_connection_is_declared_if_there_is_none(
    shop: Shop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, str],
    told: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in before.items():
        (shop.package / "defs" / name).parent.mkdir(parents=True, exist_ok=True)
        (shop.package / "defs" / name).write_text(text)
    (tmp_path / "syncs.json").write_text(json.dumps({"data": [OLD, {**OLD, "label": "More"}]}))
    (tmp_path / "send.sh").write_text(INGESTR.replace("/crm", "/shop"))

    said = shop.said("import", "census", "syncs.json", "--connection", "shop")
    said += shop.said("import", "ingestr", "send.sh")

    assert [
        line.removeprefix("  not carried over: ")
        for line in said.splitlines()
        if line.startswith("  not carried over: ") and "connection" in line
    ] == told
    assert {"new_leads", "more", "guest"} <= set(Project.load(shop.module).syncs)
