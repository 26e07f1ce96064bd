"""HightouchImport on files in the shapes that Git Sync writes."""

from pathlib import Path
from textwrap import dedent

import pytest

from ct_assets.components.migration.hightouch_import import imported
from ct_assets.components.migration.imported_sync import ImportedSync
from ct_assets.errors import UserError

MANIFEST = """\
sources:
  wh: {name: Warehouse, type: snowflake}
destinations:
  ct-live: {name: CleverTap (live), type: clevertap}
  crm: {name: The CRM, type: hubspot}
"""
MODEL = """\
name: Everybody
source: wh
type: raw_sql
rawSql: |-
  SELECT ID, MAIL FROM CRM.PERSON
primaryKey: ID
"""
SYNC = """\
model: everybody
destination: ct-live
description: Who may be written to.
config:
  mode: upsert
  type: object
  object: profile
  mappings:
    - {to: email, from: MAIL, type: standard}
    - {to: Full name, type: template, template: "{{ row['FIRST'] }} {{ row['LAST'] }}"}
    - {to: Origin, type: static, value: warehouse}
  customMappings:
    - {to: plan, from: PLAN, type: standard}
  externalIdMapping: {to: identity, from: ID, type: standard}
  configVersion: 2
schedule:
  type: interval
  schedule:
    interval: {unit: hour, quantity: 6}
schedulePaused: true
"""
EVENTS = """\
model: everybody
destination: ct-live
config:
  type: event
  eventName: Charged
  mappings:
    - {to: ts, from: BOUGHT_AT, type: standard}
    - {to: Amount, from: TOTAL, type: standard}
  externalIdMapping: {to: objectId, from: DEVICE, type: standard}
schedule: {type: manual}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write(tmp_path, "manifest-shop-1.yaml", MANIFEST)
    write(tmp_path, "models/everybody.yaml", MODEL)
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(dedent(text))


def only(repository: Path, sync: str, connection: str | None = None) -> ImportedSync:
    write(repository, "syncs/people-to-ct.yaml", sync)
    (made,) = imported(repository, connection)
    made.documents()
    return made


def test_a_sync_of_profiles(repository: Path) -> None:
    made = only(repository, SYNC, "wh")

    assert made.source == {
        "asset": "source/people_to_ct",
        "sql": "SELECT ID, MAIL FROM CRM.PERSON",
        "connection": "wh",
    }
    assert made.sync == {
        "name": "people_to_ct",
        "object": "profile",
        "source": "source/people_to_ct",
        "identify_by": [{"identity": "ID"}],
        "fields": {
            "Email": "MAIL",
            "Full name": {"template": "{FIRST} {LAST}"},
            "Origin": {"value": "warehouse"},
            "plan": "PLAN",
        },
        "description": "Who may be written to.",
        "trigger": "0 */6 * * *",
        "paused": True,
    }
    assert made.lost == []


def test_a_sync_of_events_sends_none_that_were_sent(repository: Path) -> None:
    made = only(repository, EVENTS)

    assert made.lost == []
    assert made.sync == {
        "name": "people_to_ct",
        "object": "event",
        "source": "source/people_to_ct",
        "identify_by": [{"objectId": "DEVICE"}],
        "fields": {"Amount": "TOTAL"},
        "event": "Charged",
        "event_key": "ID",
        "ts": "BOUGHT_AT",
        "first_run": "from_now",
    }


@pytest.mark.parametrize(
    ("old", "new", "settings"),
    [
        ("mode: upsert", "mode: update", {"mode": "update_only"}),
        ("mode: upsert", "mode: insert", {"mode": "create_only"}),
        ("unit: hour, quantity: 6", "unit: day, quantity: 1", {"trigger": "0 0 * * *"}),
        (
            "type: interval\n  schedule:\n    interval: {unit: hour, quantity: 6}",
            "type: cron\n  schedule: {expression: '5 4 * * 1'}",
            {"trigger": "5 4 * * 1"},
        ),
        (
            "type: interval\n  schedule:\n    interval: {unit: hour, quantity: 6}",
            "type: visual\n  schedule:\n    expressions:\n"
            "      - {days: {monday: true}, time: '08:30'}",
            {"trigger": "30 8 * * 1"},
        ),
    ],
)
def test_other_settings_that_map(
    repository: Path, old: str, new: str, settings: dict[str, object]
) -> None:
    assert old in SYNC
    made = only(repository, SYNC.replace(old, new))

    assert made.lost == []
    assert made.sync is not None
    assert {name: made.sync[name] for name in settings} == settings


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        (
            "destination: ct-live",
            "destination: crm",
            "it goes to hubspot, not to CleverTap",
        ),
        ("model: everybody", "model: nobody", "its model nobody has no file in `models`"),
        (
            "object: profile",
            "object: segment",
            "a list of people needs a name, a creator and an address: write `object: segment`",
        ),
        (
            "mode: upsert",
            "mode: mirror",
            "mode mirror: it deletes who leaves the model: `on_removed: delete` does",
        ),
        (
            "{to: plan, from: PLAN, type: standard}",
            "{to: plan, type: reference, lookup: {by: id}}",
            "plan: is looked up in another model; join it there",
        ),
        (
            "{to: plan, from: PLAN, type: standard}",
            "{to: plan, type: variable, variable: sync-id}",
            "plan: is filled by a variable; write it as `expr`",
        ),
        (
            "row['LAST'] }}",
            "row['LAST'] | upcase }}",
            "Full name: is filled by a template; write it as `expr`",
        ),
        ("configVersion: 2", "rateLimit: {rateLimit: 10}", "rateLimit: CleverTap's own limit is"
         " kept"),
        ("configVersion: 2", "retryWindow: 5", "retryWindow: has no equal here"),
        (
            "unit: hour, quantity: 6",
            "unit: hour, quantity: 7",
            "schedule interval: has no equal that is known; write a cron line as `trigger`, or "
            "`on_change`",
        ),
        (
            "externalIdMapping: {to: identity, from: ID, type: standard}",
            "externalIdMapping: null",
            "no mapping names the person: the model's primary key is taken",
        ),
    ],
)  # fmt: skip
def test_what_has_no_equal(repository: Path, old: str, new: str, lost: str) -> None:
    assert old in SYNC

    assert only(repository, SYNC.replace(old, new)).lost == [lost]


def test_events_without_a_time_are_not_written(repository: Path) -> None:
    made = only(repository, EVENTS.replace("to: ts", "to: when").replace("eventName", "name"))

    assert made.documents() == ()
    assert made.lost[0] == (
        "no name and no time of its events is declared where it is known to be; write `event`, "
        "`ts` and `event_key`"
    )


@pytest.mark.parametrize(
    ("model", "source", "lost"),
    [
        ("type: table\ntable: crm.person\nprimaryKey: id\n", {"table": "crm.person"}, []),
        ("type: table\ntable: {name: person}\n", {"table": "person"}, []),
        (
            "type: dbt_model\nmodelId: model.shop.persons\nprimaryKey: ID\n",
            {"table": "persons"},
            [
                "model.shop.persons: the table of that name is read; where dbt runs in this "
                "Dagster, give the key of its asset as `source` instead"
            ],
        ),
        (
            "type: visual\nprimaryKey: ID\n",
            None,
            ["its model is a visual: declare its rows as a SourceTable"],
        ),
    ],
)
def test_models(
    repository: Path, model: str, source: dict[str, str] | None, lost: list[str]
) -> None:
    write(repository, "models/everybody.yaml", model)
    made = only(repository, SYNC)

    assert made.source == (source and {"asset": "source/people_to_ct", **source})
    assert made.lost == lost
    assert len(made.documents()) == (2 if source else 0)


def test_a_mapping_that_is_wrong_here_is_told(repository: Path) -> None:
    made = only(repository, SYNC.replace("to: plan", "to: identity"))

    assert made.documents() == ()
    assert any("identity" in sentence for sentence in made.lost)


def test_a_repository_in_a_folder_below(repository: Path) -> None:
    write(repository, "hightouch/syncs/a.yml", SYNC)
    write(repository, "hightouch/syncs/a.yaml", SYNC)

    assert [sync.name for sync in imported(repository, None)] == ["a", "a_2"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("other/x.yaml", "a: 1", "has no folder `syncs` with YAML files"),
        ("syncs/x.yaml", "a: [", "syncs/x.yaml: is no YAML: "),
    ],
)
def test_no_such_repository(tmp_path: Path, name: str, text: str, told: str) -> None:
    write(tmp_path, name, text)

    with pytest.raises(UserError, match=told):
        imported(tmp_path, None)


@pytest.mark.parametrize("text", ["1", "config: 3", "config: {mappings: 5}\nmodel: everybody",
                                  "schedule: often\nmodel: [1]\ndestination: ct-live"])  # fmt: skip
def test_files_of_another_shape_are_told_and_stop_nothing(repository: Path, text: str) -> None:
    assert only(repository, text).lost != []
