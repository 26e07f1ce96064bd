"""What `dg scaffold defs` writes loads as it is, and its rows can be split."""

import contextlib
import json
import re
import sqlite3
from pathlib import Path

import pytest
from dagster.components.component_scaffolding import scaffold_object

import ct_assets
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.components.project import registry
from ct_assets_tests.components import kit

PEOPLE = "id,name,email,phone,country,city\n1,Ada,ada@example.org,020 7946 0018,GB,London\n"
VISITS = "visit_id,user_id,created_at,page\n7,1,2026-01-05 10:00:00,home\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "customer.csv").write_text(PEOPLE)
    (tmp_path / "visit.csv").write_text(VISITS)
    visits = kit.SOURCE.replace("customer", "visit")
    return kit.write(tmp_path, {"shop/defs.yaml": f"{kit.SOURCE}---\n{visits}"})


def scaffold(package: Path, name: str, kind: str = "ClevertapSync", **params: str) -> str:
    """As `dg scaffold defs` calls it; what it wrote."""
    form = params.pop("form", "yaml")
    root = package.parent
    typename = f"ct_assets.components.{kind}"
    scaffold_object(package / "defs" / name, typename, json.dumps(params), form, root)
    return (
        package / "defs" / name / ("defs.yaml" if form == "yaml" else "component.py")
    ).read_text()


def records(package: Path, name: str) -> list[str]:
    definitions = ct_assets.definitions(package)
    project = Project.of(definitions)
    with project.rows(project.sync(name)) as rows:
        return rows.valid.scan().select("_record").collect().to_series().to_list()


def test_a_profile_sync_sends_what_is_known_of_people(package: Path) -> None:
    text = scaffold(package, "people", source="shop/customer")

    assert "    # city: city\n" in text
    assert records(package, "people") == [
        '{"type":"profile","identity":"1","profileData":{"Name":"Ada",'
        '"Email":"ada@example.org","Phone":"+442079460018"}}'
    ]


def test_an_event_sync_sends_all_columns(package: Path) -> None:
    scaffold(package, "page_visits", source="shop/visit", object="event")

    assert records(package, "page_visits") == [
        '{"type":"event","identity":"1","ts":1767607200,"evtName":"Page Visits",'
        '"evtData":{"page":"home"}}'
    ]


COMMENTED = re.compile(r"^( *)# ([\w\"' ]+: [^ ].*)$", re.MULTILINE)
"""A setting that becomes one once its # is gone, unlike a comment that explains one."""


@pytest.mark.parametrize("object_", ["profile", "event"])
def test_every_setting_in_a_comment_works_once_its_sign_is_gone(
    package: Path, object_: str
) -> None:
    (package.parent / "visit.csv").write_text(VISITS.replace("page", "Page Name"))
    text = scaffold(package, "page_visits", source="shop/visit", object=object_)
    file = package / "defs" / "page_visits" / "defs.yaml"
    settings = [setting for _, setting in COMMENTED.findall(text)]

    file.write_text(COMMENTED.sub(r"\1\2", text))

    assert [s.partition(":")[0] for s in settings if s.startswith(("where", "after", "trigger"))]
    assert len(records(package, "page_visits")) == 1


def test_every_setting_in_a_comment_of_a_source_works_once_its_sign_is_gone(package: Path) -> None:
    text = scaffold(package, "lead", kind="SourceTable", file="customer.csv")
    file = package / "defs" / "lead" / "defs.yaml"

    file.write_text(COMMENTED.sub(r"\1\2", text))

    assert len(COMMENTED.findall(text)) == 3
    ct_assets.definitions(package)


def test_without_a_source_the_one_of_like_name_is_taken(package: Path) -> None:
    text = scaffold(package, "customers")

    assert "  source: shop/customer\n" in text
    assert "# Other sources: shop/visit\n" in text


def test_without_a_column_that_looks_like_a_field_all_are_proposed(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (package.parent / "customer.csv").write_text("id,plan\n1,gold\n")

    scaffold(package, "plans", source="shop/customer")

    assert records(package, "plans") == [
        '{"type":"profile","identity":"1","profileData":{"plan":"gold"}}'
    ]
    assert "Proposed from the columns of shop/customer" in capsys.readouterr().err


CONNECTION = """
type: ct_assets.components.Connection
attributes:
  name: crm
  url: "{{ env.CRM_URL }}"
---
"""


def test_a_source_of_a_connection_is_read(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "crm.db")) as connection:
        connection.execute("create table lead (lead_id text, mail text)")
    source = scaffold(package, "lead", kind="SourceTable", connection="crm", table="lead")
    (package / "defs" / "lead" / "defs.yaml").write_text(CONNECTION + source)
    unset = scaffold(package, "before", source="source/lead")
    monkeypatch.setenv("CRM_URL", f"sqlite:///{tmp_path}/crm.db")

    text = scaffold(package, "leads", source="source/lead")

    assert "connection crm: CRM_URL is not set; set it in the environment" in unset
    assert "  fields:\n    Email: mail\n" in text
    assert records(package, "leads") == []


def test_python(package: Path) -> None:
    text = scaffold(package, "people", form="python")

    assert "    return ct_assets.ClevertapSync(\n        name='people',\n" in text
    assert len(records(package, "people")) == 1


def test_an_unknown_source_is_named_with_what_to_do(package: Path) -> None:
    text = scaffold(package, "people", source="crm/person")

    assert text.startswith("# No rows of crm/person are known yet. Declare it with\n")
    assert "  identify_by: [{identity: customer_id}]\n" in text


def test_an_unreadable_source_is_no_obstacle(package: Path) -> None:
    (package.parent / "customer.csv").unlink()

    text = scaffold(package, "people", source="shop/customer")

    assert text.startswith("# The source could not be read: shop/customer: no file matches 'cust")
    assert list(registry.catalogue(ct_assets.definitions(package))) == ["people"]


def test_a_source(package: Path) -> None:
    scaffold(package, "crm", "SourceTable", asset="crm/person", file="customer.csv")
    scaffold(package, "people", source="crm/person")

    assert len(records(package, "people")) == 1
